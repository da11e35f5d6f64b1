/**
 * A write that was refused because this process no longer owns the account. Nothing was written, and the process must drop
 * what it holds of the account in memory: the new owner goes on from what is stored.
 *
 * @module
 */
import type { AccountKey } from './delivery.ts';

export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly account: AccountKey;

  constructor(account: AccountKey) {
    super(`this node does not own account ${account}`);
    this.account = account;
  }
}

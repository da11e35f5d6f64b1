/**
 * Fence: keeps a node that has lost an account from writing to it.
 *
 * Each account has a row in `account_lease` with an epoch, which increases whenever its owner changes. Every write
 * transaction begins by locking the rows of its accounts `FOR SHARE` with the epochs that this node was given. A take-over
 * updates the row, so it waits for transactions under way; those that begin later find another epoch and write nothing.
 * The epoch alone identifies the owner, because no two owners of an account have the same one.
 *
 * @module
 */
import type { AccountKey } from '../domain/delivery.ts';

/** Which accounts this node may write, and under which epoch. */
export interface Fence {
  /** Epoch under which this node owns the account; null if it does not own it. */
  epochOf(account: AccountKey): number | null;
  /** Called when a write was refused because another epoch holds the account. */
  lost(account: AccountKey): void;
}

/** Epochs of a process that owns all accounts: it holds the lock on the whole schema. */
export const SOLE_OWNER: Fence = { epochOf: () => 0, lost: () => undefined };

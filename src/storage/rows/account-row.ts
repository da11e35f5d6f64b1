/**
 * Columns of an account that all databases have.
 *
 * @module
 */
import type { Account, ClockRecord } from '../../domain/account.ts';
import type { AccountKey } from '../../domain/delivery.ts';

export interface AccountColumns {
  readonly key_hash: string;
  readonly seed: number;
  readonly opens: number;
  readonly clock_mode: ClockRecord['mode'];
  readonly clock_rate: number;
  readonly clock_virtual: number;
  readonly clock_wall: number;
}

export const toAccount = (key: AccountKey, row: AccountColumns): Account => ({
  key,
  keyHash: row.key_hash,
  seed: row.seed,
  opens: row.opens,
  clock: {
    mode: row.clock_mode,
    rate: row.clock_rate,
    anchorVirtual: row.clock_virtual,
    anchorWall: row.clock_wall,
  },
});

/**
 * Partitions: the location of each account's rows.
 *
 * A partition is a number. It is the `account.key` of one row; all rows of that account refer to it, and the keys of its
 * events and deliveries are one range (see `rowKey`). A new account is in the partition of its own key. To replace all its
 * rows, other rows are staged in a spare partition, and then the account moves there in one small transaction, however
 * many rows there are. Callers of the store do not notice: `by-account.ts` translates, so that the keys of an account and
 * of its rows stay the same, also across restarts.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { rowAccount, rowKey, rowNumber } from '../../domain/delivery-id.ts';

export interface Partitions {
  /** The partition that contains an account's rows. */
  of(account: AccountKey): number;
  /** Converts a row's key in the port to its key in the database. */
  rowIn(key: number): number;
  /** Converts a row's key in the database to its key in the port. */
  rowOut(key: number): number;
  /** Returns a key for a new account, which is its partition, too. */
  newKey(): AccountKey;
  /** Returns a partition without rows. */
  spare(): number;
  /** Makes a partition available again. It must have no rows and no account. */
  free(partition: number): void;
  /** Notes that an account is in the partition `to` now. */
  move(account: AccountKey, to: number): void;
}

export const createPartitions = (db: DatabaseSync): Partitions => {
  // Accounts that have moved, in both directions.
  const byAccount = new Map<AccountKey, number>();
  const accounts = new Map<number, AccountKey>();
  // Partitions are reused because their number is limited: keys of rows must be safe integers.
  const spares: number[] = [];
  let last = 0;
  let lastPartition = 0;

  const of = (account: AccountKey): number => byAccount.get(account) ?? account;
  const enter = (account: AccountKey, partition: number): void => {
    byAccount.set(account, partition);
    accounts.set(partition, account);
  };
  const newKey = (): number => (last += 1);

  for (const row of db.prepare('SELECT key, account_key FROM account ORDER BY key').all()) {
    const partition = Number(row['key']);
    for (let gap = lastPartition + 1; gap < partition; gap += 1) spares.push(gap);
    lastPartition = partition;
    const account = Number(row['account_key'] ?? partition);
    last = Math.max(last, partition, account);
    if (account !== partition) enter(account, partition);
  }
  return {
    of,
    rowIn: (key) => rowKey(of(rowAccount(key)), rowNumber(key)),
    rowOut: (key) => {
      const partition = rowAccount(key);
      return rowKey(accounts.get(partition) ?? partition, rowNumber(key));
    },
    newKey,
    spare: () => spares.pop() ?? newKey(),
    free: (partition) => void spares.push(partition),
    move: (account, to) => {
      accounts.delete(of(account));
      enter(account, to);
    },
  };
};

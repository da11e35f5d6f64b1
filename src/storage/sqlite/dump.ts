/**
 * Resets an account, or replaces its rows with those of a snapshot: all or nothing, without blocking other accounts.
 *
 * 1. Create a hidden account and stage the snapshot's rows in it, slice by slice. A reset stages none.
 * 2. Swap the accounts in one small transaction: the new one gets the API key's hash, the old one is hidden.
 * 3. Delete the replaced rows in the background, slice by slice.
 *
 * A failure or a crash before step 2 leaves the account as it was; after step 2, the account is replaced. In both cases a
 * hidden account remains, which the next start removes.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey, rowNumber } from '../../domain/delivery-id.ts';
import type { AccountDump, AccountStore } from '../store.ts';
import { checkAllRows, checkTables } from '../rows/dump-check.ts';
import type { Caches } from './caches.ts';
import type { InShortCheckpoints } from './checkpoints.ts';
import type { HiddenAccounts } from './hidden-accounts.ts';
import type { Partitions } from './partitions.ts';
import { stageRows } from './stage.ts';
import { transaction } from './transaction.ts';

type DumpPart = Pick<AccountStore, 'resetAccount' | 'importAccount'>;

/** Moves an account to another partition. @returns the previous partition, which is hidden now */
type Swap = (account: AccountKey, to: number, dump: AccountDump | null) => number;

const createSwap = (db: DatabaseSync, hidden: HiddenAccounts, partitions: Partitions): Swap => {
  const rowOf = db.prepare('SELECT key_hash AS hash, seed, opens FROM account WHERE key = ?');
  // A reset keeps the clock; a snapshot replaces it.
  const show = db.prepare(
    `UPDATE account SET key_hash = :hash, account_key = :account, seed = :seed, opens = :opens,
       (clock_mode, clock_rate, clock_virtual, clock_wall) =
         (SELECT clock_mode, clock_rate, clock_virtual, clock_wall FROM account WHERE key = :from)
     WHERE key = :to`,
  );
  const setClock = db.prepare(
    'UPDATE account SET clock_mode = ?, clock_rate = ?, clock_virtual = ?, clock_wall = ? WHERE key = ?',
  );
  return (account, to, dump) => {
    const from = partitions.of(account);
    transaction(db, () => {
      const row = rowOf.get(from) as { hash: string; seed: number; opens: number } | undefined;
      if (row === undefined) throw new Error(`Unknown account key ${account}.`);
      hidden.hide(from);
      const seed = dump?.seed ?? row.seed;
      const opens = Math.max(row.opens, dump?.opens ?? 0);
      show.run({ account, hash: row.hash, seed, opens, from, to });
      if (dump === null) return;
      const { mode, rate, anchorVirtual, anchorWall } = dump.clock;
      setClock.run(mode, rate, anchorVirtual, anchorWall, to);
    });
    partitions.move(account, to);
    return from;
  };
};

export const createDump = (
  db: DatabaseSync,
  caches: Caches,
  hidden: HiddenAccounts,
  partitions: Partitions,
  inShortCheckpoints: InShortCheckpoints,
): DumpPart => {
  const { tallies, inFlight, counters } = caches;
  const swap = createSwap(db, hidden, partitions);

  /** Forgets the account's deliveries in flight and caches: its rows are gone. */
  const abandon = (partition: number): void => {
    for (const delivery of inFlight.of(partition)) inFlight.remove(delivery);
    tallies.invalidate(partition);
    counters.invalidate(partition);
  };

  /** A reset does not reuse numbers. */
  const continueNumbers = (from: number, to: number): void => {
    const { event, delivery } = counters.of(from);
    counters.set(to, {
      event: rowKey(to, rowNumber(event)),
      delivery: rowKey(to, rowNumber(delivery)),
    });
  };

  /** @returns the previous partition */
  const move = (account: AccountKey, to: number, dump: AccountDump | null): number => {
    const from = swap(account, to, dump);
    if (dump === null) continueNumbers(from, to);
    else counters.invalidate(to);
    abandon(from);
    return from;
  };

  return {
    resetAccount: async (account) => {
      const empty = hidden.create();
      let left = empty;
      try {
        left = move(account, empty, null);
      } finally {
        await hidden.discard(left);
      }
    },
    importAccount: async (account, dump) => {
      await checkTables(dump);
      await checkAllRows(dump);
      const staged = hidden.create();
      let left = staged;
      try {
        await inShortCheckpoints(() => stageRows(db, caches, staged, dump));
        left = move(account, staged, dump);
      } finally {
        await hidden.discard(left);
      }
    },
  };
};

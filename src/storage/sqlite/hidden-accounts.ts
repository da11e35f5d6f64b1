/**
 * Hidden accounts: partitions that no API key leads to. The rows of a snapshot are staged in one, and rows that a snapshot or
 * a reset has replaced stay in one until they are deleted. Deleting a million rows takes seconds, so it is done in slices
 * while other accounts are served. The next start deletes what a crash left behind.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { getLogger } from '@logtape/logtape';
import { nextTurn } from '../../domain/event-loop.ts';
import type { InShortCheckpoints } from './checkpoints.ts';
import type { Partition, Partitions } from './partitions.ts';
import type { Tallies } from './tallies.ts';
import { parametersFor, TABLES } from './tables.ts';
import { transaction, transactionWithoutForeignKeys } from './transaction.ts';

const logger = getLogger(['sendemall-mock', 'storage']);

/** Prefix of a hidden account's `key_hash`; that of any other account is a SHA-256 in hex. */
const HIDDEN = 'hidden:';

export const isHidden = (keyHash: string): boolean => keyHash.startsWith(HIDDEN);

/** Rows per transaction: one or two milliseconds. */
const ROWS_PER_SLICE = 200;

/** Turns of the event loop between two slices in the background: as many as a request of another account needs. */
const TURNS_IN_BACKGROUND = 8;

/** Slices after which a caller does not wait for the others. A caller that resets small accounts in a loop waits for all. */
const SLICES_TO_WAIT_FOR = 80;

/** Called after each slice but the last. @returns turns of the event loop until the next one */
type AfterSlice = () => number;

export interface HiddenAccounts {
  /** Creates a hidden account without rows. @returns its partition */
  create(): Partition;
  /** Hides the account of a partition, in the transaction that is open. */
  hide(partition: Partition): void;
  /**
   * Deletes a hidden account's rows in slices, and then the account. Resolves when they are deleted, or when the rest is
   * so much that it is deleted in the background. Nothing depends on them, so a failure is logged instead of thrown, and
   * the next call or start deletes the rest.
   */
  discard(partition: Partition): Promise<void>;
  /** Discards all hidden accounts in the same way. To be called at the start, when nothing is staged. */
  discardAll(): Promise<void>;
}

/** Functions that each delete a slice of one table's rows of a partition. @returns false if nothing was left to delete */
const createSlices = (db: DatabaseSync): readonly ((partition: number) => boolean)[] => {
  // Children first: a webhook's key can be reused, so it is deleted after the deliveries that refer to it.
  const sliceOf = (table: string, columns: string, where: string) => {
    const statement = db.prepare(
      `DELETE FROM ${table} WHERE (${columns}) IN
         (SELECT ${columns} FROM ${table} WHERE ${where} LIMIT ${ROWS_PER_SLICE})`,
    );
    return (partition: number): boolean => statement.run(partition).changes > 0;
  };
  // Keys can be reused, so what belongs to a webhook is deleted before it.
  const ofWebhooks = 'webhook IN (SELECT key FROM webhook WHERE account = ?)';
  const derived = [
    sliceOf('delivery_tally', 'webhook', ofWebhooks),
    sliceOf('delivery_block', 'webhook, type, status, block', ofWebhooks),
    sliceOf('event_block', 'account, type, block', 'account = ?'),
    sliceOf('event_tally', 'account', 'account = ?'),
  ];
  const rows = TABLES.toReversed().map((table) => {
    const { name, order, where } = table;
    const statement = db.prepare(
      `DELETE FROM ${name} WHERE ${where} AND ${order} IN
         (SELECT ${order} FROM ${name} WHERE ${where} ORDER BY ${order} LIMIT ${ROWS_PER_SLICE})`,
    );
    return (partition: number): boolean =>
      statement.run(parametersFor(table, partition)).changes > 0;
  });
  return [...derived, ...rows];
};

export const createHiddenAccounts = (
  db: DatabaseSync,
  { partitions, tallies }: { readonly partitions: Partitions; readonly tallies: Tallies },
  inShortCheckpoints: InShortCheckpoints,
): HiddenAccounts => {
  const insert = db.prepare(
    `INSERT INTO account (key, key_hash, seed, opens, clock_mode, clock_rate, clock_virtual, clock_wall)
     VALUES (?, ?, 0, 0, 'frozen', 0, 0, 0)`,
  );
  const hide = db.prepare(
    `UPDATE account SET key_hash = '${HIDDEN}' || key, account_key = NULL WHERE key = ?`,
  );
  const all = db.prepare(`SELECT key FROM account WHERE key_hash GLOB '${HIDDEN}*'`);
  const removeAccount = db.prepare('DELETE FROM account WHERE key = ?');
  const slices = createSlices(db);

  const remove = async (partition: number, afterSlice: AfterSlice): Promise<void> => {
    let isRemoved = false;
    const deleteSlice = (): boolean =>
      transactionWithoutForeignKeys(db, () => {
        if (slices.some((slice) => slice(partition))) return true;
        isRemoved = removeAccount.run(partition).changes > 0;
        return false;
      });
    await inShortCheckpoints(async () => {
      while (deleteSlice()) {
        const turns = afterSlice();
        for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      }
    });
    tallies.invalidate(partition);
    if (isRemoved) partitions.free(partition);
  };

  /** Partitions whose rows could not be deleted. Each partition is deleted by one caller: another account may reuse it. */
  let failed: readonly number[] = [];
  const removeAll = async (
    partitions: readonly number[],
    afterSlice: AfterSlice,
  ): Promise<void> => {
    const left = [...partitions, ...failed];
    failed = [];
    try {
      for (let next = left[0]; next !== undefined; next = left[0]) {
        await remove(next, afterSlice);
        left.shift();
      }
    } catch (error) {
      // The store was closed meanwhile; the next start removes the account.
      if (!db.isOpen) return;
      failed = [...failed, ...left];
      logger.warn(
        'Cannot delete the rows that a snapshot or reset replaced: {error}. The next snapshot, reset or start tries again.',
        { error },
      );
    }
  };
  /** Resolves when all are removed, or after {@link SLICES_TO_WAIT_FOR}. */
  const removeMostly = (partitions: readonly number[]): Promise<void> =>
    new Promise((resolve) => {
      let deleted = 0;
      const afterSlice = (): number => {
        deleted += 1;
        if (deleted < SLICES_TO_WAIT_FOR) return 1;
        resolve();
        return TURNS_IN_BACKGROUND;
      };
      void removeAll(partitions, afterSlice).then(resolve);
    });
  return {
    create: () => {
      const partition = partitions.spare();
      try {
        transaction(db, () => insert.run(partition, `${HIDDEN}${partition}`));
      } catch (error) {
        partitions.free(partition);
        throw error;
      }
      return partition;
    },
    hide: (partition) => void hide.run(partition),
    discard: (partition) => removeMostly([partition]),
    discardAll: () => removeMostly(all.all().map(({ key }) => Number(key))),
  };
};

/**
 * Hidden accounts: partitions whose rows nobody can reach, because no API key has their hash. A snapshot's rows are staged
 * in one, and the rows that a snapshot or a reset has replaced are left in one until they are deleted, slice by slice:
 * a million rows take seconds, and other accounts' requests are answered meanwhile. Whatever a crash leaves of them, the
 * next start deletes.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { getLogger } from '@logtape/logtape';
import { nextTurn } from '../../domain/event-loop.ts';
import type { InShortCheckpoints } from './checkpoints.ts';
import type { Partitions } from './partitions.ts';
import { parametersFor, TABLES } from './tables.ts';
import { transaction, transactionWithoutChecks } from './transaction.ts';

const logger = getLogger(['sendemall-mock', 'storage']);

/** Begins the `key_hash` of a hidden account; that of any other is a SHA-256 in hex. */
const HIDDEN = 'hidden:';

export const isHidden = (keyHash: string): boolean => keyHash.startsWith(HIDDEN);

/** Rows per transaction, a few milliseconds. */
const ROWS_PER_SLICE = 500;

export interface HiddenAccounts {
  /** Makes a hidden account without rows. @returns its partition */
  create(): number;
  /** Hides the account of a partition, in whatever transaction is open. */
  hide(partition: number): void;
  /**
   * Deletes a hidden account's rows in slices, and then the account. Nothing depends on them any more, so a failure is
   * not the caller's: it is logged, and the next call or start deletes what is left over.
   */
  discard(partition: number): Promise<void>;
  /** Deletes all hidden accounts: at the start, when nothing is staged. */
  removeAll(): Promise<void>;
}

export const createHiddenAccounts = (
  db: DatabaseSync,
  partitions: Partitions,
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
  // Children first: a webhook's key, which may be used again, goes after the deliveries that name it.
  const slices = TABLES.toReversed().map((table) => {
    const { name, order, where } = table;
    const statement = db.prepare(
      `DELETE FROM ${name} WHERE ${where} AND ${order} IN
         (SELECT ${order} FROM ${name} WHERE ${where} ORDER BY ${order} LIMIT ${ROWS_PER_SLICE})`,
    );
    return (partition: number): boolean =>
      statement.run(parametersFor(table, partition)).changes > 0;
  });

  const leftOver = new Set<number>();
  const remove = async (partition: number): Promise<void> => {
    let isRemoved = false;
    const deleteSlice = (): boolean =>
      transactionWithoutChecks(db, () => {
        if (slices.some((slice) => slice(partition))) return true;
        isRemoved = removeAccount.run(partition).changes > 0;
        return false;
      });
    await inShortCheckpoints(async () => {
      while (deleteSlice()) await nextTurn();
    });
    leftOver.delete(partition);
    if (isRemoved) partitions.free(partition);
  };
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
    discard: async (partition) => {
      leftOver.add(partition);
      try {
        for (const one of leftOver) await remove(one);
      } catch (error) {
        // Closed meanwhile: the next start removes it.
        if (!db.isOpen) return;
        logger.warn(
          'Cannot delete rows left over from a snapshot or reset; the next snapshot, reset or start tries again: {error}',
          { error },
        );
      }
    },
    removeAll: async () => {
      for (const { key } of all.all()) await remove(Number(key));
    },
  };
};

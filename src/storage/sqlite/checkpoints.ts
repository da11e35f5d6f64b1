/**
 * Checkpoint interval: how many pages of the log accumulate before a commit copies them into the database. Rare checkpoints
 * are cheapest, because pages that change often are copied once. But while many rows are written in slices, each
 * checkpoint blocks other accounts for as long as the disk needs.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';

/** Default interval. */
export const CHECKPOINT_PAGES = 8000;

/** Interval while rows are written or deleted in slices: a checkpoint takes as long as one or two slices. */
const BULK_CHECKPOINT_PAGES = 2000;

/** Makes checkpoints frequent and short while `work` runs. */
export type InShortCheckpoints = <T>(work: () => Promise<T>) => Promise<T>;

export const createShortCheckpoints = (db: DatabaseSync): InShortCheckpoints => {
  let running = 0;
  const set = (pages: number): void => db.exec(`PRAGMA wal_autocheckpoint = ${pages}`);
  return async (work) => {
    if (running === 0) set(BULK_CHECKPOINT_PAGES);
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      if (running === 0 && db.isOpen) set(CHECKPOINT_PAGES);
    }
  };
};

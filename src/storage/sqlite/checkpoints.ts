/**
 * How many pages of the log SQLite lets come together before it copies them into the database, in whichever commit that
 * is. Rarely is cheapest, because pages that change often are copied once; but while many rows are written in slices, each
 * commit that copies holds up other accounts for as long as the disk needs.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';

/** Ordinarily. */
export const CHECKPOINT_PAGES = 8000;

/** While rows are written or deleted in slices: about as long as a slice or two. */
const BULK_CHECKPOINT_PAGES = 2000;

/** Has checkpoints come often, and short, while `work` runs. */
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

/**
 * Has the log written to the disk while nobody waits for it. SQLite waits for that at each checkpoint, and a third of
 * a checkpoint's time was it.
 *
 * @module
 */
import { closeSync, fdatasync, openSync } from 'node:fs';

/** Commits between two beginnings. */
const EVERY = 64;

export interface WriteBack {
  /** To be called after each commit. */
  committed(this: void): void;
  close(this: void): void;
}

/** @param log the write-ahead log's path; nothing is done where it cannot be opened */
export const createWriteBack = (log: string): WriteBack => {
  let file: number | null = null;
  let commits = 0;
  let busy = false;
  let closed = false;

  const end = (): void => {
    busy = false;
    if (closed) close();
  };
  const close = (): void => {
    closed = true;
    if (file === null || busy) return;
    closeSync(file);
    file = null;
  };

  return {
    committed: () => {
      commits += 1;
      if (busy || closed || commits % EVERY !== 0) return;
      try {
        file ??= openSync(log, 'r+');
      } catch {
        // It is a matter of speed only: SQLite itself syncs the log whenever it must.
        closed = true;
        return;
      }
      busy = true;
      fdatasync(file, end);
    },
    close,
  };
};

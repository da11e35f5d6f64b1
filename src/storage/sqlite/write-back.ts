/**
 * Flushes the write-ahead log to the disk in the background. SQLite waits for the flush at each checkpoint, where it took
 * a third of the time.
 *
 * @module
 */
import { closeSync, fdatasync, openSync } from 'node:fs';

/** Number of commits between two flushes. */
const COMMITS_PER_FLUSH = 64;

export interface WriteBack {
  /** Must be called after each commit. */
  committed(this: void): void;
  close(this: void): void;
}

/** @param log path of the write-ahead log; if it cannot be opened, nothing is flushed */
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
      if (busy || closed || commits % COMMITS_PER_FLUSH !== 0) return;
      try {
        file ??= openSync(log, 'r+');
      } catch {
        // This only affects speed: SQLite syncs the log itself whenever it has to.
        closed = true;
        return;
      }
      busy = true;
      fdatasync(file, end);
    },
    close,
  };
};

/**
 * Slices of a snapshot: how much is read before yielding to the event loop. Rows differ in size by a factor of 10,000, so
 * both their number and their size count.
 *
 * @module
 */
import type { DumpRow } from '../store.ts';

const MAX_ROWS = 500;
/** Takes about 5 ms to read and to encode. */
const MAX_CHARACTERS = 524_288;

/** A slice that is being filled. */
export interface Slicer {
  readonly rows: readonly DumpRow[];
  isFull(): boolean;
  /** @returns whether the slice is full */
  add(rows: readonly DumpRow[]): boolean;
}

export const createSlicer = (): Slicer => {
  const added: DumpRow[] = [];
  let characters = 0;
  const isFull = (): boolean => added.length >= MAX_ROWS || characters >= MAX_CHARACTERS;
  return {
    rows: added,
    isFull,
    add: (rows) => {
      for (const row of rows) {
        added.push(row);
        for (const value of Object.values(row)) {
          if (typeof value === 'string') characters += value.length;
        }
      }
      return isFull();
    },
  };
};

/**
 * Slices of a snapshot: how much is read before yielding to the event loop. Rows differ in size by a factor of 10,000, so
 * both their number and their size count.
 *
 * @module
 */
import type { DumpRow } from '../store.ts';

/** Rows of a slice. */
export const MAX_SLICE_ROWS = 125;
/** Takes about 2 ms to read and to encode: a request of another account waits for several turns. */
const MAX_CHARACTERS = 131_072;

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
  const isFull = (): boolean => added.length >= MAX_SLICE_ROWS || characters >= MAX_CHARACTERS;
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

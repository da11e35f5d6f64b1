/**
 * How much of a snapshot is read before other requests get their turn: rows differ in size by a factor of 10,000.
 *
 * @module
 */
import type { DumpRow } from '../store.ts';

const MAX_ROWS = 500;
/** Characters of text, about 5 ms to read and to encode. */
const MAX_CHARACTERS = 524_288;

export interface Slicer {
  readonly rows: readonly DumpRow[];
  isFull(): boolean;
  /** @returns whether the slice is full */
  add(rows: readonly DumpRow[]): boolean;
}

export const createSlicer = (): Slicer => {
  const kept: DumpRow[] = [];
  let characters = 0;
  const isFull = (): boolean => kept.length >= MAX_ROWS || characters >= MAX_CHARACTERS;
  return {
    rows: kept,
    isFull,
    add: (rows) => {
      for (const row of rows) {
        kept.push(row);
        for (const value of Object.values(row)) {
          if (typeof value === 'string') characters += value.length;
        }
      }
      return isFull();
    },
  };
};

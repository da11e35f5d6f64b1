/**
 * FIFO queue of rows with amortised constant-time removal from the front.
 *
 * @module
 */

/** Removed entries at the front before the array is compacted. */
const MAX_GAP = 512;

export interface RowQueue<Row> extends Iterable<Row> {
  readonly length: number;
  push(row: Row): void;
  /** The oldest row, or undefined. */
  peek(): Row | undefined;
  shift(): Row | undefined;
  clear(): void;
}

export const createRowQueue = <Row>(): RowQueue<Row> => {
  let rows: (Row | undefined)[] = [];
  let first = 0;
  return {
    get length() {
      return rows.length - first;
    },
    push: (row) => void rows.push(row),
    peek: () => rows[first],
    shift: () => {
      const row = rows[first];
      if (row === undefined) return undefined;
      rows[first] = undefined;
      first += 1;
      if (first > MAX_GAP || first === rows.length) {
        rows = rows.slice(first);
        first = 0;
      }
      return row;
    },
    clear: () => {
      rows = [];
      first = 0;
    },
    *[Symbol.iterator]() {
      for (let place = first; place < rows.length; place += 1) yield rows[place]!;
    },
  };
};

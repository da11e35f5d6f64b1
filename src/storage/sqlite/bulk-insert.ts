/**
 * Many rows by few statements: beginning and ending one costs more than a row.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

/** Rows per statement, where there are so many. */
const ROWS = 8;

/** Inserts rows, given as one list of values. */
export type BulkInsert = (values: readonly SQLInputValue[]) => void;

export const bulkInsert = (
  db: DatabaseSync,
  table: string,
  columns: readonly string[],
): BulkInsert => {
  const width = columns.length;
  const row = `(${Array<string>(width).fill('?').join(', ')})`;
  const insert = (rows: number): string =>
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array<string>(rows).fill(row).join(', ')}`;
  const one = db.prepare(insert(1));
  const many = db.prepare(insert(ROWS));
  return (values) => {
    let at = 0;
    for (; at + ROWS * width <= values.length; at += ROWS * width) {
      many.run(...values.slice(at, at + ROWS * width));
    }
    for (; at < values.length; at += width) one.run(...values.slice(at, at + width));
  };
};

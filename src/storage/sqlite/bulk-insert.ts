/**
 * Inserts several rows per statement: starting and ending a statement costs more than a row.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

/** Rows per statement, as long as that many are left. */
const ROWS_PER_STATEMENT = 8;

/** Inserts rows, given as one flat list of values in the order of the columns. */
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
  const many = db.prepare(insert(ROWS_PER_STATEMENT));
  return (values) => {
    let at = 0;
    for (; at + ROWS_PER_STATEMENT * width <= values.length; at += ROWS_PER_STATEMENT * width) {
      many.run(...values.slice(at, at + ROWS_PER_STATEMENT * width));
    }
    for (; at < values.length; at += width) one.run(...values.slice(at, at + width));
  };
};

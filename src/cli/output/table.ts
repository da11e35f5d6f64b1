/**
 * Columns for people: as wide as their widest cell, the last one as long as it is.
 *
 * @module
 */
import { stripVTControlCharacters } from 'node:util';

const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;

/** What came from elsewhere must not steer the terminal. */
export const harmless = (text: string): string =>
  text.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '\uFFFD');

/**
 * @example
 * ```ts
 * table([['id', 'status'], ['dlv_1', 'dead']]);
 * // ['id     status', 'dlv_1  dead']
 * ```
 */
export const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
};

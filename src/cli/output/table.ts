/**
 * Formats rows as aligned columns.
 *
 * @module
 */
import { stripVTControlCharacters } from 'node:util';

/** Columns that a text takes, without its escape sequences. */
export const widthOf = (cell: string): number => stripVTControlCharacters(cell).length;

/** Replace control characters, so that text from outside cannot control the terminal. */
export const harmless = (text: string): string =>
  text.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '\uFFFD');

/**
 * Pad each column but the last to its widest cell. Escape sequences have no width.
 *
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

/**
 * Formats rows as aligned columns.
 *
 * @module
 */
import type { Terminal } from '../terminal.ts';
import { fit, widthOf } from './width.ts';

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

/** A column is not cut below this. */
const MIN_COLUMN = 8;

const GAP = 2;

const naturalWidths = (rows: readonly (readonly string[])[]): number[] =>
  (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? ''))));

const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width + GAP, -GAP);

/** Widths that fit: the widest columns give way first. */
const narrowed = (widths: readonly number[], columns: number): number[] => {
  const fitted = [...widths];
  while (totalOf(fitted) > columns) {
    const widest = Math.max(...fitted);
    if (widest <= MIN_COLUMN) break;
    fitted[fitted.lastIndexOf(widest)] = widest - 1;
  }
  return fitted;
};

/**
 * A table under bold titles that fits the terminal: it first leaves out the columns named in `optional`, in that order, then
 * truncates the widest ones. Whole without a terminal, so that other programs get everything.
 */
export const fittedTable = (
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  { width, style }: Pick<Terminal, 'width' | 'style'>,
  optional: readonly string[] = [],
): string[] => {
  let all = [titles.map((title) => style('bold', title)), ...rows];
  if (width === null) return table(all);
  let shown = [...titles];
  for (const title of optional) {
    if (totalOf(naturalWidths(all)) <= width) break;
    const at = shown.indexOf(title);
    all = all.map((row) => row.toSpliced(at, 1));
    shown = shown.toSpliced(at, 1);
  }
  const widths = narrowed(naturalWidths(all), width);
  return table(all.map((row) => row.map((cell, at) => fit(cell, widths[at] ?? 0)))).map((line) =>
    fit(line, width),
  );
};

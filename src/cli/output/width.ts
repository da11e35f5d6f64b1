/**
 * Fits text to the columns of a terminal. Escape sequences have no width, emoji and CJK characters have two.
 *
 * @module
 */
import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

export const widthOf = (text: string): number => stringWidth(text);

/** Truncate to `columns`, with an ellipsis. Null leaves it whole. */
export const fit = (text: string, columns: number | null): string =>
  columns === null ? text : cliTruncate(text, columns);

/** Fill up to `columns` with spaces, or truncate. */
export const pad = (text: string, columns: number): string => {
  const fitted = fit(text, columns);
  return fitted + ' '.repeat(Math.max(0, columns - widthOf(fitted)));
};

/** Break at words into indented lines. Null for `columns` makes one line. */
export const wrap = (text: string, columns: number | null, indent: number): string[] => {
  const margin = ' '.repeat(indent);
  if (columns === null) return [margin + text];
  const room = Math.max(20, columns - indent);
  return wrapAnsi(text, room, { hard: true })
    .split('\n')
    .map((line) => margin + line);
};

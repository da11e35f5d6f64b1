/**
 * Quoting for POSIX shells.
 *
 * @module
 */

/** Quote a text, always. */
export const quoteForShell = (text: string): string =>
  `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Quote a text if necessary. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : quoteForShell(text);

/**
 * Text as one word of a shell.
 *
 * @module
 */

/** Between quotes, whatever it holds. */
export const quoteForShell = (text: string): string =>
  `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Between quotes where it must be. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : quoteForShell(text);

/**
 * Sections below the options in a command's help. Commander wraps descriptions and options; these lines are written for
 * 80 columns, so keep them within, and are wrapped in narrower terminals.
 *
 * @module
 */
import { stripVTControlCharacters, styleText } from 'node:util';
import { Help } from '@commander-js/extra-typings';

/** A heading. Commander removes the style where there is no colour. */
export const heading = (text: string): string => styleText('bold', text, { validateStream: false });

/** A command or a flag. */
export const command = (text: string): string => styleText('cyan', text, { validateStream: false });

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');

/**
 * The `Examples:` section.
 *
 * @param lines commands that work when pasted; continue a long one with `\` and two more spaces
 */
export const examples = (...lines: readonly string[]): string =>
  `\n${heading('Examples:')}\n${indent(lines)}`;

/**
 * The `Exit status:` section.
 *
 * @param meanings by status; a line break continues the meaning on the next line
 */
export const exitStatus = (meanings: Readonly<Record<number, string>>): string => {
  const lines = Object.entries(meanings).flatMap(([status, meaning]) => {
    const [first = '', ...rest] = meaning.split('\n');
    return [`${status.padEnd(3)}  ${first}`, ...rest.map((line) => `     ${line}`)];
  });
  return `\n${heading('Exit status:')}\n${indent(lines)}`;
};

/** A section of prose under a heading, such as `Reports:`. */
export const section = (title: string, ...lines: readonly string[]): string =>
  `\n${heading(`${title}:`)}\n${indent(lines)}`;

/** What stays whole, so that it can be pasted. */
const COMMAND = /^(?:sendemall-mock|export|curl|--)[ \w]/;
/** A term longer than this stands on a line of its own when its row is too long. */
const MAX_TERM_LENGTH = 8;

/** Two blanks or more divide the term of a row from its text; the term is null in a row of prose. */
const partsOf = (
  row: string,
): { readonly indent: string; readonly term: string | null; readonly text: string } => {
  const trimmed = row.trimStart();
  const indent = row.slice(0, row.length - trimmed.length);
  const gap = trimmed.indexOf('  ');
  const text = gap === -1 ? '' : trimmed.slice(gap).trimStart();
  return text === ''
    ? { indent, term: null, text: trimmed }
    : { indent, term: trimmed.slice(0, gap), text };
};

/** A row that is too long for the terminal, as several. */
const fold = (row: string, columns: number): readonly string[] => {
  const { indent, term, text } = partsOf(row);
  if (term === null) {
    if (COMMAND.test(text)) return [row];
    const lines = new Help().boxWrap(text, columns - indent.length).split('\n');
    return lines.map((line) => indent + line);
  }
  const isShort = term.length <= MAX_TERM_LENGTH;
  const margin = isShort ? row.length - text.length : indent.length + 4;
  const lines = new Help().boxWrap(text, columns - margin).split('\n');
  const folded = lines.map((line) => ' '.repeat(margin) + line);
  return isShort
    ? [row.slice(0, margin) + folded[0]!.slice(margin), ...folded.slice(1)]
    : [indent + term, ...folded];
};

/** A row of prose, which goes on in the next one. */
const isProse = (row: string): boolean =>
  /^ {2}\S/.test(row) && !/\S {2,}\S/.test(row) && !COMMAND.test(row.trimStart());

const isTooLong = (row: string, columns: number): boolean =>
  stripVTControlCharacters(row).length > columns;

/** Wrap what commander does not. @param columns of the terminal; null without one */
export const fitHelp = (text: string, columns: number | null): string => {
  if (columns === null) return text;
  const rows = text.split('\n');
  const fitted: string[] = [];
  while (rows.length > 0) {
    const end = rows.findIndex((row) => !isProse(row));
    const paragraph = rows.splice(0, Math.max(1, end === -1 ? rows.length : end));
    if (!paragraph.some((row) => isTooLong(row, columns))) fitted.push(...paragraph);
    else
      fitted.push(
        ...fold(paragraph.map((row, at) => (at === 0 ? row : row.trim())).join(' '), columns),
      );
  }
  return fitted.join('\n');
};

/**
 * Sections below the options in a command's help. Commander wraps descriptions and options; these lines are printed as
 * they are, so keep them within 80 columns.
 *
 * @module
 */
import { styleText } from 'node:util';

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

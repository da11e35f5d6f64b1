/**
 * Sections below the options in a command's help. Commander wraps descriptions and options; these lines are printed as
 * they are, so keep them within 80 columns.
 *
 * @module
 */

const indent = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');

/**
 * The `Examples:` section.
 *
 * @param lines commands that work when pasted; continue a long one with `\` and two more spaces
 */
export const examples = (...lines: readonly string[]): string => `\nExamples:\n${indent(lines)}`;

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
  return `\nExit status:\n${indent(lines)}`;
};

/** A section of prose under a heading, such as `Reports:`. */
export const section = (heading: string, ...lines: readonly string[]): string =>
  `\n${heading}:\n${indent(lines)}`;

/**
 * Formats bodies: JSON indented and coloured, anything else as it is.
 *
 * @module
 */
import type { Styles, Terminal } from '../terminal.ts';
import { harmless } from './table.ts';

/** The parts of a line of indented JSON: a key, a text, a number or a word. */
const TOKEN =
  /(?<key>"(?:[^"\\]|\\.)*")(?=:)|(?<text>"(?:[^"\\]|\\.)*")|(?<word>\b(?:true|false|null|-?\d[\d.eE+-]*)\b)/g;

const STYLES: Readonly<Record<string, Styles>> = { key: 'cyan', text: 'green', word: 'yellow' };

const colored = (line: string, terminal: Terminal): string =>
  line.replaceAll(TOKEN, (token, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>;
    const kind = Object.keys(STYLES).find((one) => groups[one] !== undefined) ?? '';
    const styles = STYLES[kind];
    return styles === undefined ? token : terminal.style(styles, token);
  });

/** The body's lines without control characters. */
export const bodyLines = (body: string, terminal: Terminal): string[] => {
  try {
    const lines = JSON.stringify(JSON.parse(body), null, 2).split('\n');
    return lines.map((line) => colored(harmless(line), terminal));
  } catch {
    return harmless(body).split('\n');
  }
};

/**
 * Text of a receiver, which is hostile: control characters, terminal escapes and characters that reverse the direction
 * of text become visible marks. The page shows text as text nodes only, so markup needs no treatment.
 *
 * @module
 */

export interface Run {
  readonly text: string;
  /** True if `text` stands for a character that cannot be seen. */
  readonly isMark: boolean;
}

/** Controls except newline and tab, line separators, zero-width and bidirectional characters, lone surrogates. */
const HIDDEN =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

const NAMES: Readonly<Record<number, string>> = {
  0: 'NUL',
  7: 'BEL',
  8: 'BS',
  13: 'CR',
  27: 'ESC',
  127: 'DEL',
};

const markOf = (character: string): string => {
  const code = character.charCodeAt(0);
  return NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
};

/** Split into text and marks. */
export const visibleRuns = (text: string): readonly Run[] => {
  const runs: Run[] = [];
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > end) runs.push({ text: text.slice(end, match.index), isMark: false });
    runs.push({ text: markOf(match[0]), isMark: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) runs.push({ text: text.slice(end), isMark: false });
  return runs;
};

/** The same in one line, for rows and names: `a␛b`. */
export const visibleLine = (text: string): string =>
  visibleRuns(text.replaceAll(/[\n\t]/g, ' '))
    .map((run) => (run.isMark ? `⟨${run.text}⟩` : run.text))
    .join('');

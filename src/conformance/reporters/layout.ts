/**
 * Text laid out for a terminal: wrapped at its width, cut at sentences, commands broken so that they can still be pasted.
 *
 * @module
 */

/** Characters that take two columns: CJK, full-width forms, and pictographs. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Extended_Pictographic}/u;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const graphemes = (text: string): readonly string[] =>
  Array.from(segmenter.segment(text), ({ segment }) => segment);

/** Number of columns that a text takes. */
export const columnsOf = (text: string): number =>
  // The usual case, without looking at every character.
  /^[\u0020-\u007E]*$/.test(text)
    ? text.length
    : graphemes(text).reduce((sum, one) => sum + (WIDE.test(one) ? 2 : 1), 0);

/** Join words into lines of at most `width` columns. A longer word stays whole, so that it can be copied. */
const fill = (words: readonly string[], width: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && columnsOf(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
};

/** Wrap text at spaces; line breaks stay. */
export const wrap = (text: string, width: number): readonly string[] =>
  text.split('\n').flatMap((line) => fill(line.split(/[\t ]+/), width));

/** Cut a text to one line of `width` columns. */
export const cutTo = (text: string, width: number): string => {
  if (columnsOf(text) <= width) return text;
  let kept = '';
  let columns = 0;
  for (const one of graphemes(text)) {
    columns += columnsOf(one);
    if (columns > width - 1) break;
    kept += one;
  }
  return `${kept}…`;
};

const SENTENCE_END = /[.!?](?=\s)/g;

/** Cut a list of items that are separated by "; " after the last one that fits, or anywhere. */
const firstItems = (text: string, max: number): string => {
  const end = text.lastIndexOf('; ', max);
  return end > 0 ? `${text.slice(0, end)}; …` : `${text.slice(0, max).trimEnd()}…`;
};

/** The first sentences of a text that fit into `max` characters, or else its beginning; whole if it is short enough. */
export const firstSentences = (text: string, max: number): string => {
  if (text.length <= max) return text;
  const ends = [...text.matchAll(SENTENCE_END)].map(({ index }) => index + 1);
  const end = ends.findLast((at) => at <= max);
  // A first sentence that is a little too long is better than half of it.
  const [first = Infinity] = ends;
  if (end !== undefined) return `${text.slice(0, end)} …`;
  return first <= 2 * max ? `${text.slice(0, first)} …` : firstItems(text, max);
};

/** Words of a shell command; spaces within quotes do not separate. */
const SHELL_WORD = /(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g;

/** Wrap a shell command with a backslash before each line break, so that it can be pasted. */
export const wrapCommand = (command: string, width: number): readonly string[] => {
  if (columnsOf(command) <= width || command.includes('\n')) return command.split('\n');
  const words = command.match(SHELL_WORD) ?? [];
  // Unbalanced quotes: leave it alone.
  if (words.join(' ') !== command) return [command];
  const lines = fill(words, width - 2);
  return lines.map((line, at) => (at === lines.length - 1 ? line : `${line} \\`));
};

/**
 * The difference between two bodies, character by character, with hidden characters visible.
 *
 * @module
 */
import Diff from 'diff/lib/diff/base.js';

export interface Part {
  readonly text: string;
  readonly kind: 'same' | 'removed' | 'added';
}

export interface BodyDiff {
  readonly parts: readonly Part[];
  readonly isEqual: boolean;
  /** Bytes as UTF-8. */
  readonly sizes: readonly [number, number];
}

/** Above this, words are compared, because characters would take seconds. */
const MAX_CHARACTERS = 20_000;
/** Until coarser pieces are compared: the difference is shown while the reader types. */
const MAX_MS = 100;

/** Where texts are cut into pieces to compare, from fine to coarse. */
const CHARACTERS = /(?:)/u;
const WORDS = /(?<=\W)|(?=\W)/u;
const LINES = /(?<=\n)/u;

class PieceDiff extends Diff<string, string> {
  readonly #cut: RegExp;
  constructor(cut: RegExp) {
    super();
    this.#cut = cut;
  }
  override tokenize(text: string): string[] {
    return text.split(this.#cut);
  }
}

const compare = (before: string, after: string): readonly Part[] => {
  const isLong = before.length + after.length > MAX_CHARACTERS;
  for (const cut of isLong ? [WORDS, LINES] : [CHARACTERS, WORDS, LINES]) {
    const changes = new PieceDiff(cut).diff(before, after, { timeout: MAX_MS });
    if (changes === undefined) continue;
    return changes.map(({ value, removed, added }) => ({
      text: value,
      kind: removed ? 'removed' : added ? 'added' : 'same',
    }));
  }
  return [
    { text: before, kind: 'removed' },
    { text: after, kind: 'added' },
  ];
};

/** Number of characters that both begin with; never half of a pair. */
const sharedStart = (before: string, after: string): number => {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at += 1;
  return /[\uD800-\uDBFF]/.test(before[at - 1] ?? '') ? at - 1 : at;
};

/** The same for the end, within `room` characters. */
const sharedEnd = (before: string, after: string, room: number): number => {
  let count = 0;
  while (count < room && before.at(-1 - count) === after.at(-1 - count)) count += 1;
  return /[\uDC00-\uDFFF]/.test(before[before.length - count] ?? '') ? count - 1 : count;
};

export const diffBodies = (before: string, after: string): BodyDiff => {
  const encoder = new TextEncoder();
  const sizes = [encoder.encode(before).length, encoder.encode(after).length] as const;
  const start = sharedStart(before, after);
  const end = sharedEnd(before, after, Math.min(before.length, after.length) - start);
  const parts: readonly Part[] = [
    { text: before.slice(0, start), kind: 'same' },
    ...compare(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    { text: before.slice(before.length - end), kind: 'same' },
  ];
  return { parts: parts.filter(({ text }) => text !== ''), isEqual: before === after, sizes };
};

/** JSON with line breaks; anything else as it is. */
export const prettyJson = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

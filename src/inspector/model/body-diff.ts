/**
 * The difference between two bodies, character by character, with hidden characters visible.
 *
 * @module
 */
import { diffChars } from 'diff/lib/diff/character.js';
import { diffLines } from 'diff/lib/diff/line.js';
import { diffWordsWithSpace } from 'diff/lib/diff/word.js';

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

/** Above this, lines or words are compared, because characters would take seconds. */
const MAX_CHARACTERS = 20_000;
const MAX_MS = 300;

const compare = (before: string, after: string) => {
  const size = before.length + after.length;
  const options = { timeout: MAX_MS };
  return (
    (size <= MAX_CHARACTERS ? diffChars(before, after, options) : undefined) ??
    diffWordsWithSpace(before, after, options) ??
    diffLines(before, after, options) ?? [
      { value: before, removed: true, added: false },
      { value: after, removed: false, added: true },
    ]
  );
};

export const diffBodies = (before: string, after: string): BodyDiff => {
  const encoder = new TextEncoder();
  const sizes = [encoder.encode(before).length, encoder.encode(after).length] as const;
  if (before === after) return { parts: [{ text: before, kind: 'same' }], isEqual: true, sizes };
  const parts = compare(before, after).map(({ value, removed, added }): Part => ({
    text: value,
    kind: removed ? 'removed' : added ? 'added' : 'same',
  }));
  return { parts, isEqual: false, sizes };
};

/** JSON with line breaks; anything else as it is. */
export const prettyJson = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

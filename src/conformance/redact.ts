/**
 * Keeps the secret and everything made with it out of what is shown.
 *
 * @module
 */

export interface Redactor {
  /** From now on `value` is shown as `label`. */
  hide(value: string, label: string): void;
  /** The text without anything hidden. */
  apply(text: string): string;
  /** Labels of what is hidden and occurs in the text. */
  find(text: string): readonly string[];
}

/** How labels of what only the user knows begin. */
export const YOURS = '<your ';

/** Shorter ones would black out words that have nothing to do with it. */
const SHORTEST = 6;

/** A hidden value at a place in a text. */
interface Found {
  readonly at: number;
  readonly value: string;
  readonly label: string;
}

export const createRedactor = (): Redactor => {
  /** By their first letters: a run hides thousands, and every text of a report is searched for all of them. */
  const hidden = new Map<string, Map<string, string>>();

  /** What is hidden in the text, from left to right; of several at one place, the longest. */
  const search = function* (text: string): Generator<Found> {
    for (let at = 0; at + SHORTEST <= text.length; at += 1) {
      const candidates = hidden.get(text.slice(at, at + SHORTEST));
      if (candidates === undefined) continue;
      const here = [...candidates].filter(([value]) => text.startsWith(value, at));
      const [longest] = here.toSorted(([one], [other]) => other.length - one.length);
      if (longest === undefined) continue;
      yield { at, value: longest[0], label: longest[1] };
      at += longest[0].length - 1;
    }
  };

  return {
    hide: (value, label) => {
      if (value.length < SHORTEST) return;
      const start = value.slice(0, SHORTEST);
      const among = hidden.get(start) ?? new Map<string, string>();
      hidden.set(start, among.set(value, label));
    },
    apply: (text) => {
      let shown = '';
      let end = 0;
      for (const { at, value, label } of search(text)) {
        shown += text.slice(end, at) + label;
        end = at + value.length;
      }
      return shown + text.slice(end);
    },
    find: (text) => [...new Set(Array.from(search(text), ({ label }) => label))],
  };
};

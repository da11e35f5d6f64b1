/**
 * Redaction of the secret and everything derived from it.
 *
 * @module
 */

import { dividedForms, encodingsOf } from './encodings.ts';
import { quoteForShell } from '../../domain/shell.ts';

export interface Redactor {
  /** Replace `value` by `label` from now on. */
  hide(value: string, label: string): void;
  /**
   * The same for several values that all begin with `start`. Thousands of them are hidden in a run and nearly none is ever
   * shown, so they are made when a text contains the first letters of `start`.
   */
  hideAll(start: string, values: () => readonly Hidden[]): void;
  /** Replace `secret` by `<name>` from now on, in every form of {@link encodingsOf}. */
  hideSecret(secret: string, name: string): void;
  /** The text without anything hidden; of a text longer than `most`, its beginning, as far as the last label goes. */
  apply(text: string, most?: number): string;
  /** Labels of the hidden values that occur in the text. */
  find(text: string): readonly string[];
}

/** A value with the label that replaces it. */
export type Hidden = readonly [value: string, label: string];

/** Prefix of labels of values that the user can fill in. */
export const YOURS = '<your ';

/** Shorter values would redact unrelated words. */
const SHORTEST = 6;

/** A hidden value at a place in a text. */
interface Found {
  readonly at: number;
  readonly value: string;
  readonly label: string;
}

/** Where a place in a text stands among the first letters of what is hidden. */
const mark = (text: string, at: number): number =>
  (text.charCodeAt(at) * 0x1003 +
    text.charCodeAt(at + 1) * 0x107 +
    text.charCodeAt(at + 2) * 0x1f +
    text.charCodeAt(at + 3)) &
  0xffff;

/** Secrets that line ends divide, as base64 is by most encoders. */
const createDivided = () => {
  const hidden: { readonly pattern: RegExp; readonly label: string }[] = [];
  return {
    hide: (secret: string, label: string): void => {
      hidden.push({ pattern: dividedForms(secret), label });
    },
    /** The text without them. @param found gets the labels of those that are in it */
    apply: (text: string, found?: Set<string>): string => {
      if (!text.includes('\n')) return text;
      return hidden.reduce(
        (rest, { pattern, label }) =>
          rest.replace(pattern, (match) => {
            if (!match.includes('\n')) return match;
            found?.add(label);
            return label;
          }),
        text,
      );
    },
  };
};

export const createRedactor = (): Redactor => {
  /** Whether something that is hidden may begin so: nearly no place in a text does, and most of a run is texts. */
  const begun = new Uint8Array(0x10000);
  /** By their first letters: a run hides thousands, and every text of a report is searched for all of them. */
  const hidden = new Map<string, (() => readonly Hidden[])[]>();

  /** The longest of the hidden values at a place; of equal ones, the one hidden last. */
  const longestAt = (text: string, at: number): Hidden | undefined => {
    let longest: Hidden | undefined;
    for (const values of hidden.get(text.slice(at, at + SHORTEST)) ?? []) {
      for (const one of values()) {
        const isLonger = one[0].length >= (longest?.[0].length ?? 0);
        if (isLonger && text.startsWith(one[0], at)) longest = one;
      }
    }
    return longest;
  };

  /** What is hidden in the text, from left to right; of several at one place, the longest. */
  const search = function* (text: string, before = text.length): Generator<Found> {
    const last = Math.min(text.length - SHORTEST, before - 1);
    for (let at = 0; at <= last; at += 1) {
      if (begun[mark(text, at)] === 0) continue;
      const found = longestAt(text, at);
      if (found === undefined) continue;
      const [value, label] = found;
      yield { at, value, label };
      at += value.length - 1;
    }
  };

  const hideAll = (start: string, values: () => readonly Hidden[]): void => {
    begun[mark(start, 0)] = 1;
    const first = start.slice(0, SHORTEST);
    const among = hidden.get(first);
    if (among === undefined) hidden.set(first, [values]);
    else among.push(values);
  };

  const hide = (value: string, label: string): void => hideAll(value, () => [[value, label]]);

  const hideAlsoQuoted = (value: string, label: string): void => {
    if (value.length < SHORTEST) return;
    hide(value, label);
    // The form within a quoted shell argument.
    if (value.includes("'")) hide(quoteForShell(value).slice(1, -1), label);
  };

  const divided = createDivided();

  return {
    hide: hideAlsoQuoted,
    hideAll,
    hideSecret: (secret, name) => {
      divided.hide(secret, `<${name}, over several lines>`);
      for (const [text, how] of encodingsOf(secret)) hideAlsoQuoted(text, `<${name}${how}>`);
    },
    apply: (given, limit) => {
      const text = divided.apply(given);
      const most = limit ?? text.length;
      let shown = '';
      let end = 0;
      for (const { at, value, label } of search(text, most)) {
        shown += text.slice(end, at) + label;
        end = at + value.length;
      }
      return shown + text.slice(end, Math.max(most, end));
    },
    find: (given) => {
      const found = new Set<string>();
      const text = divided.apply(given, found);
      for (const { label } of search(text)) found.add(label);
      return [...found];
    },
  };
};

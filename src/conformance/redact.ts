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

/** Shorter ones would black out words that have nothing to do with it. */
const SHORTEST = 6;

export const createRedactor = (): Redactor => {
  const hidden = new Map<string, string>();
  return {
    hide: (value, label) => {
      if (value.length >= SHORTEST) hidden.set(value, label);
    },
    apply: (text) => {
      let shown = text;
      for (const [value, label] of hidden) {
        if (shown.includes(value)) shown = shown.replaceAll(value, label);
      }
      return shown;
    },
    find: (text) => [
      ...new Set([...hidden].filter(([value]) => text.includes(value)).map(([, label]) => label)),
    ],
  };
};

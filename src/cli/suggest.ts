/**
 * Suggestions for misspelt values.
 *
 * @module
 */

/** Levenshtein distance. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries()) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (left === right ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1)!;
};

const MAX_EDITS = 3;

/** Longer text is no misspelling. */
const MAX_LENGTH = 64;

/**
 * The known name nearest to `name`, if any is near.
 *
 * @param shortOf another form of a known name that counts, e.g. the last word
 */
export const nearest = (
  name: string,
  known: readonly string[],
  shortOf: (one: string) => string = (one) => one,
): string | null => {
  if (name.length > MAX_LENGTH) return null;
  const lower = name.toLowerCase();
  const [best] = known
    .map((one) => ({
      one,
      edits: Math.min(distance(lower, one.toLowerCase()), distance(lower, shortOf(one))),
    }))
    .sort((a, b) => a.edits - b.edits);
  // A word of three letters is three edits from any other.
  const limit = Math.min(MAX_EDITS, Math.max(1, Math.floor(name.length / 2)));
  return best !== undefined && best.edits <= limit ? best.one : null;
};

/** ` Did you mean X?`, or nothing. */
export const didYouMean = (suggestion: string | null): string =>
  suggestion === null ? '' : ` Did you mean ${suggestion}?`;

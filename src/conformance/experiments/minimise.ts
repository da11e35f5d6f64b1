/**
 * Minimisation by delta debugging: the smallest set of changes, and the smallest text, with which the fault still shows.
 *
 * @module
 */

/** Whether the fault shows with this. */
export type Shows<T> = (candidate: T) => Promise<boolean>;

const chunksOf = <T>(items: readonly T[], parts: number): readonly (readonly T[])[] => {
  const size = Math.ceil(items.length / parts);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
};

/**
 * The ddmin algorithm (Zeller and Hildebrandt, 2002), bounded.
 *
 * @param items with all of which the fault shows
 * @param maxTries after which the smallest known set is returned
 * @returns a subset from which nothing can be taken out, unless the tries were spent
 */
export const minimiseItems = async <T>(
  items: readonly T[],
  shows: Shows<readonly T[]>,
  maxTries: number,
): Promise<readonly T[]> => {
  let smallest = items;
  let parts = 2;
  let tries = 0;
  const isBad = async (candidate: readonly T[]): Promise<boolean> => {
    tries += 1;
    return shows(candidate);
  };
  const reduced = async (): Promise<boolean> => {
    const chunks = chunksOf(smallest, parts);
    for (const chunk of chunks) {
      if (tries >= maxTries) return false;
      if (chunks.length > 1 && (await isBad(chunk))) {
        smallest = chunk;
        parts = 2;
        return true;
      }
    }
    for (const chunk of chunks) {
      if (tries >= maxTries || chunks.length === 2) return false;
      const rest = smallest.filter((item) => !chunk.includes(item));
      if (await isBad(rest)) {
        smallest = rest;
        parts = Math.max(2, parts - 1);
        return true;
      }
    }
    return false;
  };
  while (smallest.length > 1 && tries < maxTries) {
    if (await reduced()) continue;
    if (parts >= smallest.length) break;
    parts = Math.min(smallest.length, parts * 2);
  }
  return smallest;
};

/** The smallest part of a text with which the fault still shows, by code points. */
export const minimiseText = async (
  value: string,
  shows: Shows<string>,
  maxTries: number,
): Promise<string> => {
  const units = Array.from(value, (unit, at) => ({ unit, at }));
  const write = (kept: readonly { readonly unit: string }[]): string =>
    kept.map(({ unit }) => unit).join('');
  return write(await minimiseItems(units, (kept) => shows(write(kept)), maxTries));
};

/**
 * Bisect a threshold.
 *
 * @param good a number without the fault
 * @param bad a number with it
 * @returns the two neighbours between which it begins, or what was reached within the tries
 */
export const bisect = async (
  good: number,
  bad: number,
  shows: Shows<number>,
  maxTries = 24,
): Promise<{ readonly good: number; readonly bad: number }> => {
  let [lower, upper] = [good, bad];
  for (let tries = 0; tries < maxTries && Math.abs(upper - lower) > 1; tries += 1) {
    const middle = Math.trunc((lower + upper) / 2);
    if (await shows(middle)) upper = middle;
    else lower = middle;
  }
  return { good: lower, bad: upper };
};

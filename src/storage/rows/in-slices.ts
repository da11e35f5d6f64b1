/**
 * A list as an iterable of slices.
 *
 * @module
 */

const MAX_ITEMS = 500;

/** Yields `items` in slices of at most {@link MAX_ITEMS}. */
export async function* inSlices<T>(
  items: readonly T[],
): AsyncGenerator<readonly T[], void, undefined> {
  for (let from = 0; from < items.length; from += MAX_ITEMS) {
    yield items.slice(from, from + MAX_ITEMS);
  }
}

/**
 * Lists that are read slice by slice, because they may be too long for memory.
 *
 * @module
 */

/** A list outside of memory. Each call of `slices` reads it again from its start. */
export interface SlicedList<T> {
  readonly length: number;
  /** Consecutive slices of the list. An iteration that is abandoned holds nothing. */
  slices(): AsyncIterable<readonly T[]>;
}

/** A list in memory, or one that is read slice by slice. */
export type Slices<T> = readonly T[] | SlicedList<T>;

const MAX_ITEMS = 500;

/** Whether an untrusted value is a list in one of both forms. */
export const isList = (value: unknown): value is Slices<unknown> =>
  Array.isArray(value) ||
  (typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<SlicedList<unknown>>).slices === 'function');

/** Yields the list in slices: those of at most 500 items of a list in memory. */
export async function* slicesOf<T>(list: Slices<T>): AsyncGenerator<readonly T[], void, undefined> {
  if ('slices' in list) {
    yield* list.slices();
    return;
  }
  for (let from = 0; from < list.length; from += MAX_ITEMS) {
    yield list.slice(from, from + MAX_ITEMS);
  }
}

/** The first item; undefined if the list is empty. */
export const firstIn = async <T>(list: Slices<T>): Promise<T | undefined> => {
  for await (const [item] of slicesOf(list)) return item;
  return undefined;
};

/** A slice and the position of its first item. */
export interface PlacedSlice<T> {
  readonly from: number;
  readonly items: readonly T[];
}

/** As {@link slicesOf}, with positions. */
export async function* placedSlicesOf<T>(
  list: Slices<T>,
): AsyncGenerator<PlacedSlice<T>, void, undefined> {
  let from = 0;
  for await (const items of slicesOf(list)) {
    yield { from, items };
    from += items.length;
  }
}

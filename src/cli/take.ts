/**
 * The first items of an async iterable.
 *
 * @module
 */

export interface Taken<T> {
  readonly items: readonly T[];
  /** True if there was at least one more item. */
  readonly more: boolean;
}

/** Collect up to `limit` items. Reads one more to find out whether there are more. */
export const take = async <T>(list: AsyncIterable<T>, limit: number): Promise<Taken<T>> => {
  const items: T[] = [];
  for await (const item of list) {
    if (items.length === limit) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
};

/**
 * The first items of a list that may be endless.
 *
 * @module
 */

export interface Taken<T> {
  readonly items: readonly T[];
  /** Whether there was at least one more. */
  readonly more: boolean;
}

export const take = async <T>(list: AsyncIterable<T>, limit: number): Promise<Taken<T>> => {
  const items: T[] = [];
  for await (const item of list) {
    if (items.length === limit) return { items, more: true };
    items.push(item);
  }
  return { items, more: false };
};

/**
 * Async iteration over paginated lists.
 *
 * @module
 */
import type { Answer, Call, Http, Progress } from './http.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; null on the last one. */
  readonly nextCursor: string | null;
  /** How far a search has come: `searched` of `total` items. Null for lists that are not searched. */
  readonly progress: Progress | null;
}

/**
 * A paginated list. Iterating yields all items and fetches pages on demand.
 *
 * @example
 * ```ts
 * for await (const delivery of client.deliveries.list({ status: 'dead' })) console.log(delivery.id);
 * const { items, nextCursor } = await client.deliveries.list({ limit: 10 }).page();
 * console.log(items.length, nextCursor);
 * ```
 */
export interface Pager<T> extends AsyncIterable<T> {
  /**
   * Fetch one page: the first one, or the one at `cursor`.
   *
   * @example
   * ```ts
   * const deliveries = client.deliveries.list({ limit: 10 });
   * const { nextCursor } = await deliveries.page();
   * if (nextCursor !== null) console.log((await deliveries.page(nextCursor)).items);
   * ```
   */
  page(cursor?: string): Promise<Page<T>>;
}

export const createPager = <T>(http: Http, call: Call): Pager<T> => {
  const page = async (cursor?: string): Promise<Page<T>> => {
    const query = cursor === undefined ? call.query : { ...call.query, cursor };
    const { data, ...rest }: Answer<readonly T[]> = await http.answer({ ...call, query });
    return { items: data, ...rest };
  };
  return {
    page,
    async *[Symbol.asyncIterator]() {
      let cursor: string | undefined;
      do {
        const { items, nextCursor } = await page(cursor);
        yield* items;
        cursor = nextCursor ?? undefined;
      } while (cursor !== undefined);
    },
  };
};

/**
 * A list that comes in pages, read as if it came in one.
 *
 * @module
 */
import type { Answer, Call, Http } from './http.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page starts; null on the last one. */
  readonly nextCursor: string | null;
}

/**
 * Iterates over all items, asking for pages as they are needed.
 *
 * @example
 * ```ts
 * for await (const delivery of client.deliveries.list({ status: 'dead' })) console.log(delivery.id);
 * const all = await Array.fromAsync(client.deliveries.list());
 * ```
 */
export interface Pager<T> extends AsyncIterable<T> {
  /** One page: the first one, or the one that starts at `cursor`. */
  page(cursor?: string): Promise<Page<T>>;
}

export const createPager = <T>(http: Http, call: Call): Pager<T> => {
  const page = async (cursor?: string): Promise<Page<T>> => {
    const query = cursor === undefined ? call.query : { ...call.query, cursor };
    const { data, nextCursor }: Answer<readonly T[]> = await http.answer({ ...call, query });
    return { items: data, nextCursor };
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

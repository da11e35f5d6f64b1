/**
 * Query parameters and cursors.
 *
 * @module
 */
import type * as z from 'zod';
import { LIMITS } from '../../schemas/contract.ts';
import { nextTurn } from '../domain/event-loop.ts';
import { validationFailed } from '../domain/problems.ts';
import { parse } from '../domain/validate.ts';
import type { Ctx } from './context.ts';

/** Default page size. */
export const DEFAULT_LIMIT = 50;

const WHOLE_NUMBER = /^\d{1,15}$/;

/**
 * Read and validate the query.
 *
 * @param numbers names of the parameters that are whole numbers
 * @throws {Problem} for unknown, repeated or invalid parameters
 */
export const readQuery = <T extends z.ZodType>(
  c: Ctx,
  schema: T,
  numbers: readonly string[],
): z.infer<T> => {
  const given = new Map<string, unknown>();
  for (const [name, value] of c.req.url.includes('?') ? new URL(c.req.url).searchParams : []) {
    const shown = JSON.stringify(name);
    if (given.has(name)) throw validationFailed(`${shown} is given more than once. Pass it once.`);
    const isNumber = numbers.includes(name);
    if (isNumber && !WHOLE_NUMBER.test(value)) {
      throw validationFailed(`${shown} is ${JSON.stringify(value)}. Pass a whole number.`);
    }
    given.set(name, isNumber ? Number(value) : value);
  }
  return parse(schema, Object.fromEntries(given), {
    what: 'The query',
    hints: {
      cursor: 'Pass meta.next_cursor of the previous page, or omit it to start from the beginning.',
    },
  });
};

interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A cursor encodes the position of the last row of the previous page. Opaque to clients, so that it may change. */
export const cursorAt = (seq: number): string => `cur_${seq}`;

/** The inverse of {@link cursorAt}. */
export const positionOf = (cursor: string): number => Number(cursor.slice(cursorAt(0).length - 1));

/** Rows of any size to read before their sizes are looked at. */
const ROWS_PER_READ = 16;

/** A page, its items as JSON. */
export interface Page {
  readonly items: readonly string[];
  readonly nextCursor: string | null;
}

/**
 * Read one page. Requests one extra row to find out whether there is a next page. A page of large items ends early: a
 * hundred of the largest would be 100 MB.
 *
 * @param write serialises a row
 * @param areSmall whether rows have no part of arbitrary size, so that all can be read at once
 */
export const readPage = async <Row extends { readonly seq: number }>(
  query: PageQuery,
  read: (page: { limit: number; after?: number }) => Promise<readonly Row[]>,
  write: (row: Row) => string,
  { areSmall = false }: { readonly areSmall?: boolean } = {},
): Promise<Page> => {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const items: string[] = [];
  let after = query.cursor === undefined ? undefined : positionOf(query.cursor);
  let characters = 0;
  for (;;) {
    const missing = limit - items.length;
    const count = areSmall ? missing : Math.min(missing, ROWS_PER_READ);
    const found = await read({ limit: count + 1, ...(after === undefined ? {} : { after }) });
    for (const [index, row] of found.slice(0, count).entries()) {
      const item = write(row);
      items.push(item);
      after = row.seq;
      characters += item.length;
      const hasMore = index + 1 < found.length;
      if (!hasMore) return { items, nextCursor: null };
      if (items.length === limit || characters >= LIMITS.maxPageCharacters) {
        return { items, nextCursor: cursorAt(row.seq) };
      }
    }
    if (found.length === 0) return { items, nextCursor: null };
    await nextTurn();
  }
};

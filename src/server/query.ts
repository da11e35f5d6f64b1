/**
 * Query parameters and cursors.
 *
 * @module
 */
import type * as z from 'zod';
import { validationFailed } from '../domain/problems.ts';
import { parse } from '../domain/validate.ts';
import type { Ctx } from './context.ts';

/** Without a `limit`, a page has so many. */
const DEFAULT_LIMIT = 50;

const WHOLE_NUMBER = /^\d{1,15}$/;

/**
 * @param numbers parameters that are whole numbers
 * @throws {Problem} for unknown, repeated or unfit parameters
 */
export const readQuery = <T extends z.ZodType>(
  c: Ctx,
  schema: T,
  numbers: readonly string[],
): z.infer<T> => {
  const given = new Map<string, unknown>();
  for (const [name, value] of c.req.url.includes('?') ? new URL(c.req.url).searchParams : []) {
    const shown = JSON.stringify(name);
    if (given.has(name)) throw validationFailed(`${shown} is given more than once. Give it once.`);
    const isNumber = numbers.includes(name);
    if (isNumber && !WHOLE_NUMBER.test(value)) {
      throw validationFailed(`${shown} is ${JSON.stringify(value)}. Give a whole number.`);
    }
    given.set(name, isNumber ? Number(value) : value);
  }
  return parse(schema, Object.fromEntries(given), {
    what: 'The query',
    hints: {
      cursor:
        'No page has given it. Use meta.next_cursor of the page before, or leave it out to begin.',
    },
  });
};

interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A cursor is the place of the last row of the page before; opaque, so that it may become something else. */
const encode = (seq: number): string => `cur_${seq}`;

const decode = (cursor: string): number => Number(cursor.slice(encode(0).length - 1));

/** One page: asks for one row more than it shows, to know whether there is a next page. */
export const readPage = async <Row extends { readonly seq: number }>(
  query: PageQuery,
  read: (page: { limit: number; after?: number }) => Promise<readonly Row[]>,
): Promise<{ readonly rows: readonly Row[]; readonly nextCursor: string | null }> => {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const after = query.cursor === undefined ? {} : { after: decode(query.cursor) };
  const found = await read({ limit: limit + 1, ...after });
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, nextCursor: found.length > limit && last !== undefined ? encode(last.seq) : null };
};

/**
 * Query parameters and cursors.
 *
 * @module
 */
import type * as z from 'zod';
import { validationFailed } from '../domain/problems.ts';
import { parse } from '../domain/validate.ts';
import type { Ctx } from './context.ts';

/** Default page size. */
const DEFAULT_LIMIT = 50;

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
const encode = (seq: number): string => `cur_${seq}`;

const decode = (cursor: string): number => Number(cursor.slice(encode(0).length - 1));

/** Read one page. Requests one extra row to find out whether there is a next page. */
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

/**
 * `/_sandbox/sinks`: stand-ins for what a receiver calls. Everything is recorded but `requests` and `settings`.
 *
 * @module
 */
import { Hono } from 'hono';
import { SetSinkRequest, SinkName, SinkRequestQuery } from '../../../schemas/sandbox.ts';
import { validationFailed } from '../../domain/problems.ts';
import { parse } from '../../domain/validate.ts';
import { readJson } from '../body.ts';
import type { Ctx, Env, ServerOptions } from '../context.ts';
import { success, successPage } from '../envelope.ts';
import { createGate } from '../gate.ts';
import { readPage, readQuery } from '../query.ts';
import type { SinkSetting } from '../sinks/book.ts';
import { answerWith, recordOf } from '../sinks/record.ts';
import type { SinkShelf } from '../sinks/shelf.ts';
import { waitForRequests } from '../sinks/wait.ts';

const DEFAULT_WAIT_MS = 30_000;
/** Requests that may wait at the same time. */
const MOST_WAITING = 1000;
const MOST_WAITING_PER_ACCOUNT = 250;

const MOST_HEADERS = 20;
/** The server's own: another value would break the answer. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

const checkName = (name: string): string => {
  if (SinkName.safeParse(name).success) return name;
  throw validationFailed(
    `"name" is ${JSON.stringify(name.slice(0, 80))}. Use 1 to 64 of a-z, 0-9 and "-".`,
  );
};

const nameOf = (c: Ctx): string => checkName(c.req.param('name') ?? '');

/** @param sent the whole request: what is read of it lacks a `__proto__`, which must not be dropped in silence */
const checkHeaders = (headers: Readonly<Record<string, string>>, sent: unknown): void => {
  const names = Object.keys((sent as { readonly headers?: object }).headers ?? {});
  if (names.length > MOST_HEADERS) {
    throw validationFailed(`"headers" has ${names.length} names. Give at most ${MOST_HEADERS}.`);
  }
  for (const name of names) {
    const shown = JSON.stringify(name);
    if (OWN_HEADERS.has(name.toLowerCase())) {
      throw validationFailed(
        `"headers" has ${shown}, which the sandbox sets itself. Leave it out.`,
      );
    }
    try {
      if (!Object.hasOwn(headers, name)) throw new TypeError('no name of a header');
      new Headers().set(name, headers[name]!);
    } catch {
      throw validationFailed(
        `"headers" has ${shown}, whose name or value no header can have. Use letters, digits and "-" in the name, and one line of Latin text as the value.`,
      );
    }
  }
};

/** What stands before and behind the name of the sink, with a door or without. */
const PARTS = /^\/_sandbox\/sinks\/(~[^/]*\/)?([^/]*)(\/.*)?$/;

export const sinkRoutes = ({ wall, closing }: ServerOptions, shelf: SinkShelf): Hono<Env> => {
  const gate = createGate('requests that wait for sinks', MOST_WAITING, MOST_WAITING_PER_ACCOUNT);
  const bookOf = (c: Ctx) => shelf.book(c.get('account'));
  const show = (c: Ctx, name: string): object => {
    const { times, ...reply }: SinkSetting = bookOf(c).setting(name);
    const url = `${new URL(c.req.url).origin}/_sandbox/sinks/${shelf.door(c.get('account'))}/${name}`;
    return { name, url, ...reply, times };
  };

  const record = async (c: Ctx): Promise<Response> => {
    const [, door, given = '', path = '/'] = PARTS.exec(c.req.path) ?? [];
    // Other methods of the two paths that are the sandbox's own: not allowed, as anywhere.
    if (door === undefined && /^\/(?:requests|settings)$/.test(path)) return c.notFound();
    const name = checkName(given);
    return answerWith(c, bookOf(c).record(name, await recordOf(c, path)));
  };

  return (
    new Hono<Env>()
      .get('/', (c) => success(c, bookOf(c).list()))
      // Behind a door everything is recorded; a door has a `~`, which no name has.
      .get('/:name{[^/~][^/]*}/requests', async (c) => {
        const name = nameOf(c);
        const query = readQuery(c, SinkRequestQuery, ['wait_for', 'timeout_ms', 'limit']);
        const { wait_for: count, timeout_ms: timeoutMs } = query;
        if (count === undefined && timeoutMs !== undefined) {
          throw validationFailed(
            `"timeout_ms" is ${timeoutMs}, but there is nothing to wait for. Give "wait_for" too.`,
          );
        }
        const book = bookOf(c);
        if (count !== undefined) {
          const leave = gate.enter(c.get('account').account.key);
          const signal = AbortSignal.any([c.req.raw.signal, closing]);
          await waitForRequests(book, wall, {
            name,
            filter: query,
            count,
            timeoutMs: timeoutMs ?? DEFAULT_WAIT_MS,
            signal,
          }).finally(leave);
        }
        const { rows, nextCursor } = await readPage(query, async (page) =>
          book.select(name, query, page),
        );
        return successPage(
          c,
          rows.map((row) => row.record),
          nextCursor,
        );
      })
      .delete('/:name{[^/~][^/]*}/requests', (c) =>
        success(c, { deleted: bookOf(c).clear(nameOf(c)) }),
      )
      .get('/:name{[^/~][^/]*}/settings', (c) => success(c, show(c, nameOf(c))))
      .put('/:name{[^/~][^/]*}/settings', async (c) => {
        const name = nameOf(c);
        const sent = await readJson(c);
        const given = parse(SetSinkRequest, sent);
        const { status = 200, headers = {}, times = null } = given;
        checkHeaders(headers, sent);
        // Null is a body too.
        const body = 'body' in given ? given.body : { ok: true };
        bookOf(c).set(name, { status, headers, body, times });
        return success(c, show(c, name));
      })
      .all('/*', record)
  );
};

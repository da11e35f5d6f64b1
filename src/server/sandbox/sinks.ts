/**
 * `/_sandbox/sinks`: stand-ins for services that a receiver calls. Records every request except those to `requests` and
 * `settings`.
 *
 * @module
 */
import { Hono } from 'hono';
import { SetSinkRequest, SinkName, SinkRequestQuery } from '../../../schemas/sandbox.ts';
import { validationFailed } from '../../domain/problems.ts';
import { parse } from '../../domain/validate.ts';
import { readJson } from '../body.ts';
import type { Ctx, Env, ServerOptions } from '../context.ts';
import { success, successItems } from '../envelope.ts';
import { createConcurrencyLimit } from '../concurrency-limit.ts';
import { readPage, readQuery } from '../query.ts';
import { checkHeaders } from '../sinks/headers.ts';
import { answerWith, recordOf, recordView } from '../sinks/request.ts';
import type { SinkRegistry } from '../sinks/registry.ts';
import { waitForRequests } from '../sinks/wait.ts';

const DEFAULT_WAIT_MS = 30_000;
/** Limits for requests that wait. */
const MAX_WAITING = 1000;
const MAX_WAITING_PER_ACCOUNT = 250;

const checkName = (name: string): string => {
  if (SinkName.safeParse(name).success) return name;
  throw validationFailed(
    `"name" is ${JSON.stringify(name.slice(0, 80))}. Use 1 to 64 of a-z, 0-9 and "-".`,
  );
};

const nameOf = (c: Ctx): string => checkName(c.req.param('name') ?? '');

/** Token, name and path of a request to a sink. Without a token, the API key identifies the account. */
const PARTS = /^\/_sandbox\/sinks\/(~[^/]*\/)?([^/]*)(\/.*)?$/;

export const sinkRoutes = ({ wall, closing }: ServerOptions, registry: SinkRegistry): Hono<Env> => {
  const waitLimit = createConcurrencyLimit(
    'requests that wait for sinks',
    MAX_WAITING,
    MAX_WAITING_PER_ACCOUNT,
  );
  const storeOf = (c: Ctx) => registry.store(c.get('account'));
  const show = (c: Ctx, name: string): object => {
    const { reply, times } = storeOf(c).setting(name);
    const { status, headers, isText } = reply;
    const url = `${new URL(c.req.url).origin}/_sandbox/sinks/${registry.token(c.get('account'))}/${name}`;
    const body: unknown = isText ? reply.body : JSON.parse(reply.body);
    return { name, url, status, headers, body, times };
  };

  const record = async (c: Ctx): Promise<Response> => {
    const [, token, given = '', path = '/'] = PARTS.exec(c.req.path) ?? [];
    // Other methods on the sandbox's own paths are not allowed, as everywhere.
    if (given === '') return c.notFound();
    if (token === undefined && /^\/(?:requests|settings)$/.test(path)) return c.notFound();
    const name = checkName(given);
    return answerWith(c, storeOf(c).record(name, await recordOf(c, path)));
  };

  return (
    new Hono<Env>()
      .get('/', (c) => success(c, storeOf(c).list()))
      // With a token, every path is recorded. Tokens start with `~`, which no name contains.
      .get('/:name{[^/~][^/]*}/requests', async (c) => {
        const name = nameOf(c);
        const query = readQuery(c, SinkRequestQuery, ['wait_for', 'timeout_ms', 'limit']);
        const { wait_for: count, timeout_ms: timeoutMs } = query;
        if (count === undefined && timeoutMs !== undefined) {
          throw validationFailed(
            `"timeout_ms" requires "wait_for". Pass both, or remove "timeout_ms".`,
          );
        }
        const store = storeOf(c);
        if (count !== undefined) {
          const { account, closed } = c.get('account');
          const leave = waitLimit.enter(account.key);
          const signal = AbortSignal.any([c.req.raw.signal, closing, closed]);
          await waitForRequests(store, wall, {
            name,
            filter: query,
            count,
            timeoutMs: timeoutMs ?? DEFAULT_WAIT_MS,
            signal,
          }).finally(leave);
          closed.throwIfAborted();
        }
        const page = await readPage(
          query,
          async (rows) => store.select(name, query, rows),
          (row) => JSON.stringify(recordView(row)),
        );
        return successItems(c, page);
      })
      .delete('/:name{[^/~][^/]*}/requests', (c) =>
        success(c, { deleted: storeOf(c).clear(nameOf(c)) }),
      )
      .get('/:name{[^/~][^/]*}/settings', (c) => success(c, show(c, nameOf(c))))
      .put('/:name{[^/~][^/]*}/settings', async (c) => {
        const name = nameOf(c);
        const sent = await readJson(c);
        const given = parse(SetSinkRequest, sent);
        const { status = 200, headers = {}, times = null } = given;
        checkHeaders(headers, sent);
        // Null is a valid body.
        const body = 'body' in given ? given.body : { ok: true };
        const isText = typeof body === 'string';
        const reply = { status, headers, isText, body: isText ? body : JSON.stringify(body) };
        storeOf(c).set(name, { reply, times });
        return success(c, show(c, name));
      })
      .all('/*', record)
  );
};

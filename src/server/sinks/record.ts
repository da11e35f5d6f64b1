/**
 * One request to a sink: what is kept of it, and the answer to it.
 *
 * @module
 */
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { LIMITS } from '../../../schemas/contract.ts';
import { toSandboxTime } from '../../domain/time.ts';
import { readStart } from '../body.ts';
import type { Ctx } from '../context.ts';
import type { SinkInput, SinkReply } from './book.ts';

const REDACTED: ReadonlySet<string> = new Set([
  'x-user-context',
  'authorization',
  'proxy-authorization',
  'cookie',
]);

/** The answers that can have no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** What is kept of a request. `path` is what stands behind the sink's name. */
export const recordOf = async (c: Ctx, path: string): Promise<SinkInput> => {
  const { url } = c.req;
  const query = url.indexOf('?');
  const { text, truncated, json } = await readStart(c, LIMITS.maxSinkBodyBytes);
  return {
    received_at: toSandboxTime(c.get('now')()),
    method: c.req.method,
    path,
    query: query === -1 ? '' : url.slice(query + 1),
    headers: [...c.req.raw.headers].map(([name, value]) => [
      name,
      REDACTED.has(name) ? '[redacted]' : value,
    ]),
    body: text,
    truncated,
    ...(json === undefined ? {} : { json }),
  };
};

export const answerWith = (c: Ctx, { status, headers, body }: SinkReply): Response => {
  // A page that a sink is told to answer with must not act as one of the sandbox's own.
  c.header('content-security-policy', 'sandbox');
  const isText = typeof body === 'string';
  const bodiless = BODILESS.has(status);
  if (!bodiless) {
    c.header('content-type', isText ? 'text/plain; charset=utf-8' : 'application/json');
  }
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  const sent = isText ? body : JSON.stringify(body);
  const code = status as ContentfulStatusCode;
  return bodiless ? c.newResponse(null, code) : c.body(sent, code);
};

/**
 * A request to a sink: what is stored, its wire format, and the response.
 *
 * Everything is stored as text: parsed JSON can take twenty times the memory of its source.
 *
 * @module
 */
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { LIMITS } from '../../../schemas/contract.ts';
import type { SinkRecord } from '../../../schemas/sandbox.ts';
import { toSandboxTime } from '../../domain/time.ts';
import { jsonOf, readStart } from '../body.ts';
import type { Ctx } from '../context.ts';
import { withoutMark } from '../../cluster/mark.ts';
import { ISOLATION } from './headers.ts';
import { flat } from './memory.ts';

/** A request as stored. */
export interface SinkInput {
  readonly method: string;
  /** Path after the sink's name. */
  readonly path: string;
  readonly body: string;
  readonly truncated: boolean;
  /** JSON of the fields that no filter uses: time, query, headers. */
  readonly rest: string;
}

/** `seq` is the record's `order`, for the cursor. */
export interface SinkRow extends SinkInput {
  readonly seq: number;
  readonly answered: number;
}

/** Response of a sink; `body` is the text to send. */
export interface SinkReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** True if the body was set as a string rather than as JSON. */
  readonly isText: boolean;
  readonly body: string;
}

const REDACTED: ReadonlySet<string> = new Set([
  'x-user-context',
  'authorization',
  'proxy-authorization',
  'cookie',
]);

/** Statuses without a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

export const recordOf = async (c: Ctx, path: string): Promise<SinkInput> => {
  const { url } = c.req;
  const query = url.indexOf('?');
  const { text, truncated } = await readStart(c, LIMITS.maxSinkBodyBytes);
  const rest = {
    received_at: toSandboxTime(c.get('now')()),
    query: query === -1 ? '' : url.slice(query + 1),
    headers: [...withoutMark(c.req.raw.headers)].map(([name, value]) => [
      name,
      REDACTED.has(name) ? '[redacted]' : value,
    ]),
  };
  return {
    method: c.req.method,
    path: flat(path),
    body: flat(text),
    truncated,
    rest: flat(JSON.stringify(rest)),
  };
};

export const recordView = (row: SinkRow): SinkRecord => {
  const { received_at, query, headers } = JSON.parse(row.rest) as SinkRecord;
  const { seq, method, path, body, truncated, answered } = row;
  const json = truncated ? undefined : jsonOf(body);
  return {
    order: seq,
    received_at,
    method,
    path,
    query,
    headers,
    body,
    truncated,
    ...(json === undefined ? {} : { json }),
    answered,
  };
};

export const answerWith = (c: Ctx, { status, headers, isText, body }: SinkReply): Response => {
  const bodiless = BODILESS.has(status);
  if (!bodiless) {
    c.header('content-type', isText ? 'text/plain; charset=utf-8' : 'application/json');
  }
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  for (const [name, value] of ISOLATION) c.header(name, value);
  const code = status as ContentfulStatusCode;
  return bodiless ? c.newResponse(null, code) : c.body(body, code);
};

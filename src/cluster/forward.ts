/**
 * Sends a request to the node that serves its account, and streams the response back.
 *
 * @module
 */
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
// Import the file: Bun replaces the bare name by a stub of its own.
import { Agent } from 'undici/index.js';
import { MARK_HEADER, signMark } from './mark.ts';

/** Time to connect to a node. Real milliseconds. */
const CONNECT_TIMEOUT_MS = 2000;
/**
 * Shorter than a node that leaves still listens, so that no connection is used while the other side closes it. Until then, a
 * response of that node ends its connection.
 */
const KEEP_ALIVE_MS = 500;
/** Connections to one node. Streams and long polls hold one each. */
const MAX_CONNECTIONS = 4096;

/**
 * Response header of a node that got a forwarded request and did nothing with it, because it does not serve the account.
 * The sender looks for the owner again.
 */
export const NOT_OWNER_HEADER = 'x-sendemall-not-owner';
/** Response header that names the node that answered. */
export const NODE_HEADER = 'x-sendemall-node';

/** Headers of a connection, not of the message. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Errors before a connection exists: the node did not get the request. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'ERR_INVALID_URL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export interface RequestToForward {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
  /** Aborted when the client has gone, or when waiting is pointless. */
  readonly signal: AbortSignal;
}

/**
 * `answered`: with the node's response, whose body ends or breaks off at `ended`. `refused`: the node did not get the request. `misdirected`: it does not serve the account, and did nothing. `broken`: the
 * request may have taken effect.
 */
export type ForwardResult =
  | { readonly type: 'answered'; readonly response: Response; readonly ended: Promise<void> }
  | { readonly type: 'refused' | 'misdirected' | 'broken' };

export interface Forwarder {
  send(
    to: { readonly node: string; readonly url: string },
    request: RequestToForward,
  ): Promise<ForwardResult>;
  /** Close all connections, cutting requests under way. */
  close(): Promise<void>;
}

const headersFor = (headers: Headers): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => !HOP_BY_HOP.has(name)));

const headersFrom = (raw: Record<string, string | string[] | undefined>): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  return headers;
};

const isNeverSent = (error: unknown): boolean => {
  if (error instanceof AggregateError) return error.errors.every(isNeverSent);
  return error instanceof Error && NEVER_SENT.has((error as NodeJS.ErrnoException).code ?? '');
};

const hasBody = (method: string, status: number): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304;

/**
 * @param self name of this node, which may change
 * @param secret shared by all nodes of the sandbox
 */
export const createForwarder = (self: () => string, secret: Buffer): Forwarder => {
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    connections: MAX_CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // Streams and long polls: whether the node is alive is known from its lease.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    send: async ({ node, url }, { method, target, headers, body, signal }) => {
      const mark = signMark(secret, { from: self(), to: node }, { method, target });
      try {
        const answer = await agent.request({
          origin: url,
          path: target,
          method,
          headers: { ...headersFor(headers), [MARK_HEADER]: mark },
          body:
            body instanceof ReadableStream ? Readable.fromWeb(body as NodeReadableStream) : body,
          signal,
        });
        const { statusCode: status } = answer;
        if (answer.headers[NOT_OWNER_HEADER] !== undefined) {
          await answer.body.dump();
          return { type: 'misdirected' };
        }
        const ended = new Promise<void>((resolve) => {
          answer.body.once('close', resolve);
        });
        if (!hasBody(method, status)) await answer.body.dump();
        const stream = hasBody(method, status)
          ? (Readable.toWeb(answer.body) as ReadableStream<Uint8Array>)
          : null;
        const response = new Response(stream, { status, headers: headersFrom(answer.headers) });
        return { type: 'answered', response, ended };
      } catch (error) {
        return { type: isNeverSent(error) ? 'refused' : 'broken' };
      }
    },
    close: () => agent.destroy(),
  };
};

/**
 * Requests as an ordinary HTTP client makes them: bounded in time and size, following no redirect, retrying nothing.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import {
  classifyNetworkError,
  describeNetworkError,
  type NetworkFailure,
} from '../../domain/network-error.ts';
import { stopwatch } from './stopwatch.ts';
import { createConnections, type Lease } from './connections.ts';
import type { HeaderPairs, NoReply, NoReplyCause, Reply, SentRequest } from './exchange.ts';
import { MAX_REPLY_BYTES } from './response-parser.ts';

export interface HttpClient {
  /** The limit of time begins when a connection is free: what the suite itself makes wait is not the receiver's. */
  send(request: SentRequest, timeoutMs: number): Promise<Reply>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  readonly wall: WallClock;
  /** Accept any TLS certificate. */
  readonly insecure: boolean;
  /** Connections at the most. */
  readonly connections: number;
  readonly signal: AbortSignal | undefined;
}

type Failure = NetworkFailure | 'stopped';

const WORDS: Readonly<Record<Failure, readonly [NoReplyCause, string]>> = {
  refused: ['refused', 'connection refused'],
  name_not_found: ['name_not_found', 'the host name does not resolve'],
  unreachable: ['unreachable', 'no route to the host'],
  reset: ['reset', 'connection reset'],
  closed_early: ['reset', 'connection closed without a complete answer'],
  connect_timeout: ['timeout', 'no connection'],
  tls: ['tls', 'TLS failed'],
  not_http: ['invalid_response', 'the answer is not HTTP/1.1'],
  wrong_length: ['invalid_response', 'the body of the answer is not as long as its head says'],
  headers_too_large: ['invalid_response', 'the head of the answer is too large'],
  stopped: ['aborted', 'the run was interrupted'],
};

/** @param code of a TLS failure, which says what is wrong with the certificate or the handshake */
export const noReplyOf = (failure: Failure, durationMs: number, code = ''): NoReply => {
  const [cause, words] = WORDS[failure];
  const message = failure === 'tls' ? `${words} (${code})` : words;
  return { kind: 'none', cause, message, durationMs };
};

/** A request failed for a reason that is no known fault of the network or the receiver: the suite's own trouble. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

/** Whatever was thrown, as an error. */
export const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));

/**
 * Why there was no answer, in the suite's words.
 *
 * @throws {ProbeError} for an error that is not known to come from the network or the receiver
 */
export const noReply = (error: unknown, durationMs: number): NoReply => {
  const { kind, code } = classifyNetworkError(error);
  if (kind !== 'exhausted' && kind !== 'internal') return noReplyOf(kind, durationMs, code);
  const reason = describeNetworkError(error);
  throw new ProbeError(`The request could not be made or read (${reason}).`, { cause: error });
};

const pairs = (raw: readonly (Buffer | string)[]): HeaderPairs =>
  Array.from({ length: Math.floor(raw.length / 2) }, (_, index) => [
    String(raw[2 * index]).toLowerCase(),
    Buffer.isBuffer(raw[2 * index + 1])
      ? (raw[2 * index + 1] as Buffer).toString('latin1')
      : String(raw[2 * index + 1]),
  ]);

/** The length of the whole body as the head states it; null where it does not. */
const statedLength = (headers: HeaderPairs): number | null => {
  const text = headers.find(([name]) => name === 'content-length')?.[1] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
};

interface Begun {
  status: number;
  headers: HeaderPairs;
  readonly chunks: Buffer[];
  size: number;
}

/** Tells a body that drips from an answer that never began. */
const unfinished = ({ status, size }: Begun): string =>
  status < 200
    ? 'no complete answer'
    : `no complete answer (status ${status}, then ${size} bytes of the body)`;

interface Tried {
  readonly reply: Reply;
  /** The receiver had closed an idle connection before it can have seen the request. */
  readonly stale: boolean;
}

/** The end of an idle connection shows within one round trip; what takes longer may be a crash. Milliseconds. */
const STALE_WITHIN_MS = 250;

/** More informational answers (1xx) than this before the real one are a flood. */
const MAX_INFORMATIONAL = 100;

export const createHttpClient = (options: HttpClientOptions): HttpClient => {
  const { wall, insecure, signal } = options;
  const connections = createConnections({ insecure, limit: options.connections });

  const over = (lease: Lease, request: SentRequest, timeoutMs: number): Promise<Tried> =>
    new Promise((resolve, reject) => {
      const elapsed = stopwatch();
      const begun: Begun = { status: 0, headers: [], chunks: [], size: 0 };
      let informational = 0;
      let ended = false;
      const isFirstEnd = (): boolean => {
        if (ended) return false;
        ended = true;
        disarm();
        signal?.removeEventListener('abort', interrupted);
        return true;
      };
      const end = (reply: Reply): void => {
        if (!isFirstEnd()) return;
        const { durationMs } = reply;
        const reset = reply.kind === 'none' && reply.cause === 'reset' && begun.status === 0;
        resolve({ reply, stale: reset && lease.reused() && durationMs < STALE_WITHIN_MS });
        // What may still come belongs to this request: the connection ends with it.
        lease.release(reply.kind === 'none' || begun.size >= MAX_REPLY_BYTES);
      };
      const failed = (error: unknown): void => {
        try {
          end(noReply(error, elapsed()));
        } catch (internal) {
          if (!isFirstEnd()) return;
          lease.release(true);
          reject(asError(internal));
        }
      };
      const cut = (cause: NoReplyCause, message: string): void =>
        end({ kind: 'none', cause, message, durationMs: elapsed() });
      const disarm = wall.after(timeoutMs, () => cut('timeout', unfinished(begun)));
      const interrupted = (): void => cut('aborted', 'the run was interrupted');
      signal?.addEventListener('abort', interrupted);
      if (signal?.aborted === true) {
        interrupted();
        return;
      }
      const { pathname, search } = new URL(request.url);
      const answered = (): void =>
        end({
          kind: 'answer',
          status: begun.status,
          headers: begun.headers,
          body: Buffer.concat(begun.chunks).toString('utf8', 0, MAX_REPLY_BYTES),
          ...(begun.size >= MAX_REPLY_BYTES ? { totalBytes: statedLength(begun.headers) } : {}),
          durationMs: elapsed(),
        });
      try {
        lease.client.dispatch(
          {
            path: pathname + search,
            method: request.method,
            headers: request.headers.flat(),
            body: request.body.length === 0 && request.method !== 'POST' ? null : request.body,
          },
          {
            onRequestStart: () => undefined,
            onResponseStart: (controller, status) => {
              if (status < 200 && ++informational > MAX_INFORMATIONAL) {
                cut('invalid_response', 'informational answers (1xx) without end');
              }
              begun.status = status;
              const raw = controller.rawHeaders;
              begun.headers = pairs(Array.isArray(raw) ? raw : []);
            },
            onResponseData: (_controller, chunk) => {
              begun.chunks.push(chunk);
              begun.size += chunk.length;
              if (begun.size >= MAX_REPLY_BYTES) answered();
            },
            onResponseEnd: answered,
            onResponseError: (_controller, error) => failed(error),
          },
        );
      } catch (error) {
        failed(error);
      }
    });

  return {
    send: async (request, timeoutMs) => {
      const { origin } = new URL(request.url);
      const { reply, stale } = await over(await connections.take(origin), request, timeoutMs);
      if (!stale || signal?.aborted === true) return reply;
      // No fault of anybody's: once more. What a fresh connection brings is the receiver's own doing, and stands.
      const again = await connections.take(origin, { fresh: true });
      return (await over(again, request, timeoutMs)).reply;
    },
    close: () => connections.close(),
  };
};

/**
 * HTTP client of the suite: bounded in time and size, follows no redirects, and does not retry what the receiver has seen.
 *
 * @module
 */
import type { LookupFunction } from 'node:net';
import type { WallClock } from '../../clock/port.ts';
import {
  classifyNetworkError,
  describeNetworkError,
  type NetworkFailure,
} from '../../domain/network-error.ts';
import { stopwatch } from './stopwatch.ts';
import { createConnections, type Lease } from './connections.ts';
import { createDelayedAnswers, type TimedResponse } from './delayed-answers.ts';
import type { Answer, HeaderPairs, NoReply, NoReplyCause, Reply, SentRequest } from './exchange.ts';
import { MAX_REPLY_BYTES } from './response-parser.ts';

export interface HttpClient {
  /**
   * Send a request. The timeout starts when a connection is free, so that waiting inside the suite does not count.
   *
   * @param isAlone over a connection that has served no other request, and serves none afterwards
   * @returns the response, or the reason why none arrived
   * @throws {ProbeError} for an error that is not known to come from the network or the receiver
   */
  send(request: SentRequest, timeoutMs: number, isAlone?: boolean): Promise<Reply>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  readonly wall: WallClock;
  /** Accept any TLS certificate. */
  readonly insecure: boolean;
  /** Resolves host names; default: the system's. */
  readonly lookup?: LookupFunction | undefined;
  /** Maximum number of connections per origin. */
  readonly connections: number;
  readonly signal: AbortSignal | undefined;
}

type Failure = NetworkFailure | 'stopped';

const MESSAGES: Readonly<Record<Failure, readonly [NoReplyCause, string]>> = {
  refused: ['refused', 'connection refused'],
  name_not_found: ['name_not_found', 'the host name does not resolve'],
  unreachable: ['unreachable', 'no route to the host'],
  reset: ['reset', 'connection reset'],
  closed_early: ['reset', 'connection closed without a complete response'],
  connect_timeout: ['timeout', 'no connection'],
  tls: ['tls', 'TLS failed'],
  not_http: ['invalid_response', 'the response is not HTTP/1.1'],
  wrong_length: ['invalid_response', 'the response body does not match its Content-Length'],
  headers_too_large: ['invalid_response', 'the response head is too large'],
  stopped: ['aborted', 'the run was interrupted'],
};

/** @param code error code of a TLS failure, which identifies the problem with the certificate or the handshake */
export const noReplyOf = (failure: Failure, durationMs: number, code = ''): NoReply => {
  const [cause, text] = MESSAGES[failure];
  const message = failure === 'tls' ? `${text} (${code})` : text;
  return { kind: 'none', cause, message, durationMs };
};

/** A request failed for a reason that is not known to come from the network or the receiver: an error of the run. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

/** Wrap a thrown value that is not an Error. */
export const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));

/**
 * Describe why there was no response.
 *
 * @throws {ProbeError} for an error that is not known to come from the network or the receiver
 */
export const noReply = (error: unknown, durationMs: number): NoReply => {
  const { kind, code } = classifyNetworkError(error);
  if (kind !== 'exhausted' && kind !== 'internal') return noReplyOf(kind, durationMs, code);
  const reason = describeNetworkError(error);
  throw new ProbeError(
    `The request could not be sent, or its response could not be read (${reason}).`,
    { cause: error },
  );
};

const pairs = (raw: readonly (Buffer | string)[]): HeaderPairs =>
  Array.from({ length: Math.floor(raw.length / 2) }, (_, index) => [
    String(raw[2 * index]).toLowerCase(),
    Buffer.isBuffer(raw[2 * index + 1])
      ? (raw[2 * index + 1] as Buffer).toString('latin1')
      : String(raw[2 * index + 1]),
  ]);

interface Target {
  readonly origin: string;
  readonly path: string;
}

/** Parts of URLs: nearly all requests of a run have the same one, so it is parsed once. */
const createTargets = (): ((url: string) => Target) => {
  let last = { url: '', target: { origin: '', path: '' } };
  return (url) => {
    if (url !== last.url) {
      const { origin, pathname, search } = new URL(url);
      last = { url, target: { origin, path: pathname + search } };
    }
    return last.target;
  };
};

const dispatchOptions = ({ method, headers, body }: SentRequest, path: string) => ({
  path,
  method,
  headers: headers.flat(),
  body: body.length === 0 && method !== 'POST' ? null : body,
});

/** Requests on their way, with one listener for the end of the run. */
const createInterruptions = (signal: AbortSignal | undefined) => {
  const pending = new Set<() => void>();
  const interruptAll = (): void => {
    for (const interrupt of pending) interrupt();
  };
  signal?.addEventListener('abort', interruptAll);
  return { pending, release: () => signal?.removeEventListener('abort', interruptAll) };
};

/** The Content-Length of the response; null without a valid one. */
const statedLength = (headers: HeaderPairs): number | null => {
  const text = headers.find(([name]) => name === 'content-length')?.[1] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
};

/** More informational responses (1xx) than this before the final one are a flood. */
const MAX_INFORMATIONAL = 100;

/** A response while it arrives. */
interface IncomingResponse {
  /** @returns false for a flood of informational responses */
  start(status: number, rawHeaders: readonly (Buffer | string)[]): boolean;
  /** @returns whether as much of the body has arrived as is kept */
  add(chunk: Buffer): boolean;
  hasStarted(): boolean;
  isTruncated(): boolean;
  /** The response as it is now. */
  toAnswer(durationMs: number): Answer;
  /** Distinguishes a body that arrives too slowly from a response that never started. */
  describeIncomplete(): string;
}

const createIncomingResponse = (): IncomingResponse => {
  let status = 0;
  let headers: HeaderPairs = [];
  let sizeBytes = 0;
  let informational = 0;
  const chunks: Buffer[] = [];
  const isTruncated = (): boolean => sizeBytes >= MAX_REPLY_BYTES;
  return {
    start: (code, rawHeaders) => {
      if (code < 200) informational += 1;
      status = code;
      headers = pairs(rawHeaders);
      return informational <= MAX_INFORMATIONAL;
    },
    add: (chunk) => {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      return isTruncated();
    },
    hasStarted: () => status !== 0,
    isTruncated,
    toAnswer: (durationMs) => ({
      kind: 'answer',
      status,
      headers,
      body: Buffer.concat(chunks).toString('utf8', 0, MAX_REPLY_BYTES),
      ...(isTruncated() ? { totalBytes: statedLength(headers) } : {}),
      durationMs,
    }),
    describeIncomplete: () =>
      status < 200
        ? 'no complete response'
        : `no complete response (status ${status}, then ${sizeBytes} bytes of the body)`,
  };
};

interface Attempt {
  readonly reply: Reply;
  /** Whether the receiver had closed an idle connection before it could have seen the request. */
  readonly isStale: boolean;
}

interface SendOptions {
  readonly path: string;
  readonly wall: WallClock;
  readonly signal: AbortSignal | undefined;
  /** Gets what interrupts the request, until it has ended. */
  readonly pending: Set<() => void>;
  /** Whether the connection may serve again after a response. */
  readonly isKept: (response: TimedResponse) => boolean;
}

/** The end of an idle connection is noticed within one round trip; a later reset may be a crash. */
const STALE_WITHIN_MS = 250;

/** Send a request over a leased connection, and release the lease. */
const sendOver = (
  lease: Lease,
  request: SentRequest,
  timeoutMs: number,
  { path, wall, signal, pending, isKept }: SendOptions,
): Promise<Attempt> =>
  new Promise((resolve, reject) => {
    const sentAt = wall.now();
    const elapsed = stopwatch();
    const response = createIncomingResponse();
    let hasEnded = false;
    /** @returns whether this is the first end of the attempt */
    const finish = (): boolean => {
      if (hasEnded) return false;
      hasEnded = true;
      disarm();
      pending.delete(interrupted);
      return true;
    };
    const end = (reply: Reply): void => {
      if (!finish()) return;
      const isReset = reply.kind === 'none' && reply.cause === 'reset' && !response.hasStarted();
      const isStale = isReset && lease.reused() && reply.durationMs < STALE_WITHIN_MS;
      resolve({ reply, isStale });
      // Later data would belong to this request, so an incomplete exchange ends its connection.
      const isSpent = reply.kind === 'none' || response.isTruncated();
      const times = { sentAt, arrivedAt: wall.now(), durationMs: reply.durationMs };
      lease.release(isSpent || !isKept({ isReused: lease.reused(), ...times }));
    };
    const fail = (error: unknown): void => {
      try {
        end(noReply(error, elapsed()));
      } catch (internal) {
        if (!finish()) return;
        lease.release(true);
        reject(asError(internal));
      }
    };
    const cut = (cause: NoReplyCause, message: string): void =>
      end({ kind: 'none', cause, message, durationMs: elapsed() });
    const complete = (): void => end(response.toAnswer(elapsed()));
    const interrupted = (): void => cut('aborted', 'the run was interrupted');
    const disarm = wall.after(timeoutMs, () => {
      // The end of a run wakes all timers: the receiver has not had its time.
      if (signal?.aborted === true) interrupted();
      else cut('timeout', response.describeIncomplete());
    });
    pending.add(interrupted);
    if (signal?.aborted === true) {
      interrupted();
      return;
    }
    try {
      lease.client.dispatch(dispatchOptions(request, path), {
        onRequestStart: () => undefined,
        onResponseStart: (controller, status) => {
          const raw = controller.rawHeaders;
          if (response.start(status, Array.isArray(raw) ? raw : [])) return;
          cut('invalid_response', 'endless informational responses (1xx)');
        },
        onResponseData: (_controller, chunk) => {
          if (response.add(chunk)) complete();
        },
        onResponseEnd: complete,
        onResponseError: (_controller, error) => fail(error),
      });
    } catch (error) {
      fail(error);
    }
  });

/** Create a client. Close it when done. */
export const createHttpClient = (options: HttpClientOptions): HttpClient => {
  const { wall, insecure, lookup, signal } = options;
  const connections = createConnections({ insecure, lookup, limit: options.connections });
  const delayed = createDelayedAnswers();
  const targetOf = createTargets();
  const interruptions = createInterruptions(signal);
  return {
    send: async (request, timeoutMs, isAlone = false) => {
      const { origin, path } = targetOf(request.url);
      const isKept: SendOptions['isKept'] = (response) => {
        delayed.note(origin, response);
        return !isAlone && !delayed.has(origin);
      };
      const sending = { path, wall, signal, pending: interruptions.pending, isKept };
      const lease = await connections.take(origin, { fresh: isAlone });
      const first = await sendOver(lease, request, timeoutMs, sending);
      if (!first.isStale || signal?.aborted === true) return first.reply;
      // A stale connection is not the receiver's fault: resend once over a fresh connection, whose result stands.
      const fresh = await connections.take(origin, { fresh: true });
      return (await sendOver(fresh, request, timeoutMs, sending)).reply;
    },
    close: () => {
      interruptions.release();
      return connections.close();
    },
  };
};

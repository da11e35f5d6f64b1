/**
 * One HTTP POST: pooled, kept alive, bounded in time and size, following no redirect. It knows nothing of events.
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http';
// By its file: to the bare name Bun answers with a stand-in of its own, which cannot dispatch.
import { Agent, buildConnector, type Dispatcher } from 'undici/index.js';
import type { SystemClock } from '../../clock/port.ts';
import type { AttemptResponse, HeaderList } from '../../domain/delivery.ts';
import { createDeadlines, type Expiring } from './deadlines.ts';
import { checkTarget, guardedLookup } from './target-guard.ts';

/** A response body longer than this is not read to its end: the attempt fails as `response_too_large`. */
export const MAX_RESPONSE_BYTES = 1_048_576;
/** This much of a response body is kept to be shown. */
export const KEPT_RESPONSE_BYTES = 16_384;

/** What the exchange was waiting for. */
export type Phase = 'connect' | 'headers' | 'body';

export type PostResult =
  | { readonly kind: 'answered'; readonly response: AttemptResponse }
  | { readonly kind: 'too_large'; readonly response: AttemptResponse }
  | { readonly kind: 'timeout'; readonly phase: Phase; readonly response: AttemptResponse | null }
  | {
      readonly kind: 'error';
      readonly phase: Phase;
      readonly error: Error;
      readonly response: AttemptResponse | null;
    };

export interface Target {
  readonly origin: string;
  readonly path: string;
}

/** The parts of a registered URL that a request needs; made once per URL. */
export const targetOf = (url: string): Target => {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search };
};

export interface Transport {
  /**
   * Calls `done` once, within the time limit, whatever the receiver does; never when `signal` is aborted first, which
   * cuts the request. Header names and values alternate.
   */
  post(
    target: Target,
    headers: string[],
    body: string | Uint8Array,
    done: (result: PostResult, durationMs: number) => void,
    signal?: AbortSignal,
  ): void;
  /** Whether it sends to public addresses, too. */
  readonly allowPublicTargets: boolean;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

const tooLate = new Error('the time for this attempt is up');
const abandoned = new Error('the attempt was abandoned');
const tooLarge = new Error('the response is too large');

const headerList = (headers: IncomingHttpHeaders): HeaderList => {
  const list: [string, string][] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') list.push([name, value]);
    else for (const one of value ?? []) list.push([name, one]);
  }
  return list;
};

/** One exchange in progress: undici's handler and the deadline's subject in one. */
class Exchange implements Dispatcher.DispatchHandler, Expiring {
  readonly startedAt: number;
  readonly signal: AbortSignal | null;
  older: Expiring | null = null;
  younger: Expiring | null = null;
  private phase: Phase = 'connect';
  private controller: Dispatcher.DispatchController | null = null;
  private status = 0;
  private headers: HeaderList = [];
  private chunks: Buffer[] = [];
  private received = 0;
  private over = false;
  private readonly finish: (exchange: Exchange, result: PostResult) => void;

  constructor(
    startedAt: number,
    signal: AbortSignal | null,
    finish: (exchange: Exchange, result: PostResult) => void,
  ) {
    this.startedAt = startedAt;
    this.signal = signal;
    this.finish = finish;
  }

  private end(result: PostResult): void {
    if (this.over) return;
    this.over = true;
    this.finish(this, result);
  }

  private response(): AttemptResponse | null {
    if (this.phase !== 'body') return null;
    const kept = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    return {
      status: this.status,
      headers: this.headers,
      body: kept.toString('utf8', 0, KEPT_RESPONSE_BYTES),
      truncated: this.received > KEPT_RESPONSE_BYTES,
    };
  }

  expire(): void {
    this.end({ kind: 'timeout', phase: this.phase, response: this.response() });
    this.controller?.abort(tooLate);
  }

  abandon(): void {
    this.over = true;
    this.controller?.abort(abandoned);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // A connection that comes after the deadline must not deliver what is counted as failed.
    if (this.over) controller.abort(tooLate);
    else this.phase = 'headers';
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.phase = 'body';
    this.status = status;
    this.headers = headerList(headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.received <= KEPT_RESPONSE_BYTES) this.chunks.push(chunk);
    this.received += chunk.length;
    if (this.received > MAX_RESPONSE_BYTES) {
      this.end({ kind: 'too_large', response: this.response()! });
      controller.abort(tooLarge);
    }
  }

  onResponseEnd(): void {
    this.end({ kind: 'answered', response: this.response()! });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.end({ kind: 'error', phase: this.phase, error, response: this.response() });
  }
}

export interface TransportOptions {
  readonly wall: SystemClock;
  /** Real milliseconds from the start of an attempt to the last byte of its response. */
  readonly timeoutMs: number;
  /** Let deliveries leave this machine's own networks. */
  readonly allowPublicTargets: boolean;
}

export const createTransport = (options: TransportOptions): Transport => {
  const { wall, timeoutMs, allowPublicTargets } = options;
  const connector = buildConnector({
    timeout: timeoutMs,
    allowH2: false,
    lookup: guardedLookup(allowPublicTargets),
  });
  const connect: buildConnector.connector = (target, callback) => {
    const blocked = checkTarget(target.hostname, allowPublicTargets);
    if (blocked === null) connector(target, callback);
    else callback(blocked, null);
  };
  // Limits on connections, headers and bodies are the deadline's and the dispatcher's business, not the pool's.
  // That it is HTTP/1.1 is the connector's: told so as well, the agent would make up a key for every request.
  const agent = new Agent({
    connect,
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 1,
  });
  const deadlines = createDeadlines(wall, timeoutMs);
  // One listener per signal, not per request: a signal is shared by all attempts of an account.
  const watched = new WeakSet<AbortSignal>();
  const watch = (signal: AbortSignal): void => {
    watched.add(signal);
    signal.addEventListener('abort', () => deadlines.abandon(signal), { once: true });
  };

  return {
    post: ({ origin, path }, headers, body, done, signal) => {
      if (signal !== undefined && !watched.has(signal)) watch(signal);
      const startedAt = wall.monotonic();
      const exchange = new Exchange(startedAt, signal ?? null, (self, result) => {
        deadlines.remove(self);
        done(result, Math.round(wall.monotonic() - startedAt));
      });
      deadlines.add(exchange);
      try {
        agent.dispatch({ origin, path, method: 'POST', headers, body }, exchange);
      } catch (error) {
        exchange.onResponseError(null, error instanceof Error ? error : new Error(String(error)));
      }
    },
    allowPublicTargets,
    close: () => agent.destroy(),
  };
};

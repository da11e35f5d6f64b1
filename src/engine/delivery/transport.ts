/**
 * HTTP POST over pooled keep-alive connections, bounded in time and size. Redirects are not followed.
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http';
// Import the file: Bun replaces the bare name by a stub of its own without `dispatch`.
import { buildConnector, type Client, type Dispatcher } from 'undici/index.js';
import type { SystemClock } from '../../clock/port.ts';
import type { AttemptResponse, HeaderList } from '../../domain/delivery.ts';
import { createConnections, type Connections } from './connections.ts';
import { createDeadlines, type Expiring } from './deadlines.ts';
import { checkTarget, guardedLookup } from './target-guard.ts';

/** Reading stops at a longer response body, and the attempt fails as `response_too_large`. */
export const MAX_RESPONSE_BYTES = 1_048_576;
/** Bytes of a response body stored in the attempt record. */
export const MAX_STORED_RESPONSE_BYTES = 16_384;

/** The phase that the exchange was in when it ended. */
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

/** Split a registered URL into the parts that a request needs; computed once per URL. */
export const targetOf = (url: string): Target => {
  const { origin, pathname, search } = new URL(url);
  return { origin, path: pathname + search };
};

export interface Transport {
  /**
   * Send one request.
   *
   * @param headers alternating names and values
   * @param done called exactly once, within the time limit; never if `signal` is aborted first, which cuts the request
   */
  post(
    target: Target,
    headers: string[],
    body: string | Uint8Array,
    done: (result: PostResult, durationMs: number) => void,
    signal?: AbortSignal,
  ): void;
  /** Whether public addresses are allowed. */
  readonly allowPublicTargets: boolean;
  /** Close all connections, cutting requests in flight. */
  close(): Promise<void>;
}

const tooLate = new Error('attempt timed out');

const headerList = (headers: IncomingHttpHeaders): HeaderList => {
  const list: [string, string][] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') list.push([name, value]);
    else for (const one of value ?? []) list.push([name, one]);
  }
  return list;
};

/** One exchange in progress: both undici's handler and the item of the deadline list, to allocate one object only. */
class Exchange implements Dispatcher.DispatchHandler, Expiring {
  readonly startedAt: number;
  readonly signal: AbortSignal | null;
  older: Expiring | null = null;
  younger: Expiring | null = null;
  private phase: Phase = 'connect';
  private status = 0;
  private headers: HeaderList = [];
  private chunks: Buffer[] = [];
  private received = 0;
  private over = false;
  readonly client: Client;
  private readonly finish: (exchange: Exchange, result: PostResult) => void;
  private readonly discard: Connections['discard'];

  constructor(
    startedAt: number,
    signal: AbortSignal | null,
    client: Client,
    finish: (exchange: Exchange, result: PostResult) => void,
    discard: Connections['discard'],
  ) {
    this.startedAt = startedAt;
    this.signal = signal;
    this.client = client;
    this.finish = finish;
    this.discard = discard;
  }

  /** Finish, which closes the connection after anything but a complete response. */
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
      body: kept.toString('utf8', 0, MAX_STORED_RESPONSE_BYTES),
      truncated: this.received > MAX_STORED_RESPONSE_BYTES,
    };
  }

  expire(): void {
    this.end({ kind: 'timeout', phase: this.phase, response: this.response() });
  }

  abandon(): void {
    this.over = true;
    this.discard(this.client);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A connection made after the deadline must not deliver an event that counts as failed.
    if (this.over) controller.abort(tooLate);
    else this.phase = 'headers';
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.phase = 'body';
    this.status = status;
    this.headers = headerList(headers);
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.received <= MAX_STORED_RESPONSE_BYTES) this.chunks.push(chunk);
    this.received += chunk.length;
    if (this.received > MAX_RESPONSE_BYTES) {
      this.end({ kind: 'too_large', response: this.response()! });
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
  /** Allow public addresses; see `target-guard.ts`. */
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
  const connections = createConnections(connect);
  const deadlines = createDeadlines(wall, timeoutMs);
  // All attempts of an account share a signal: add one listener per signal, not per request.
  const watched = new WeakSet<AbortSignal>();
  const watch = (signal: AbortSignal): void => {
    watched.add(signal);
    signal.addEventListener('abort', () => deadlines.abandon(signal), { once: true });
  };

  return {
    post: ({ origin, path }, headers, body, done, signal) => {
      if (signal !== undefined && !watched.has(signal)) watch(signal);
      const startedAt = wall.monotonic();
      const finish = (self: Exchange, result: PostResult): void => {
        deadlines.remove(self);
        if (result.kind === 'answered') connections.giveBack(origin, self.client);
        else connections.discard(self.client);
        done(result, Math.round(wall.monotonic() - startedAt));
      };
      const client = connections.take(origin);
      const exchange = new Exchange(startedAt, signal ?? null, client, finish, connections.discard);
      deadlines.add(exchange);
      try {
        client.dispatch({ path, method: 'POST', headers, body }, exchange);
      } catch (error) {
        exchange.onResponseError(null, error instanceof Error ? error : new Error(String(error)));
      }
    },
    allowPublicTargets,
    close: connections.close,
  };
};

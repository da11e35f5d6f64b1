/**
 * Raw connections that send bytes unmodified, for requests that an HTTP client would normalize.
 *
 * @module
 */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { WallClock } from '../../clock/port.ts';
import { stopwatch } from './stopwatch.ts';
import type { HeaderPairs, NoReply, Reply } from './exchange.ts';
import { MAX_HEAD_BYTES } from './connections.ts';
import { asError, noReply, noReplyOf } from './http-client.ts';
import { mayBeHttp, MAX_REPLY_BYTES, readReply } from './response-parser.ts';

export interface RawConnection {
  /** Why there is no connection; null while it is open. */
  failure(): NoReply | null;
  /** Send bytes; resolves when they have been flushed, or after the timeout. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Receive the next reply, within the timeout. Its duration counts from the last write. */
  reply(): Promise<Reply>;
  close(): void;
}

export interface RawOptions {
  readonly url: string;
  readonly insecure: boolean;
  /** Resolves host names; default: the system's. */
  readonly lookup?: LookupFunction | undefined;
  readonly wall: WallClock;
  /** Timeout of connecting, of each write and of each reply. */
  readonly timeoutMs: number;
  /** Closes the connection. */
  readonly signal: AbortSignal | undefined;
}

/** The head of a request: request line, `Host`, the given headers with their case and order, and the empty line. */
export const rawHead = (method: string, url: string, headers: HeaderPairs): string => {
  const { pathname, search, host } = new URL(url);
  const lines = [['Host', host], ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`;
};

const dial = ({ url, insecure, lookup }: RawOptions): Socket => {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const resolving = lookup === undefined ? {} : { lookup };
  if (protocol !== 'https:') return connectTcp({ host, port: Number(port || 80), ...resolving });
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({
    host,
    port: Number(port || 443),
    rejectUnauthorized: !insecure,
    ...servername,
    ...resolving,
  });
};

/** Bytes kept of unread data: a reply's body and its head. */
const MAX_KEPT_BYTES = 2 * MAX_REPLY_BYTES;

/** Received data of a socket that no reply has consumed yet. */
interface Inbox {
  /** The socket's error; null without one. */
  error(): unknown;
  /**
   * Consume the next reply.
   *
   * @returns null while it is incomplete
   * @throws {ProbeError} for an error that is not known to come from the network or the receiver
   */
  take(elapsedMs: number): Reply | null;
  /** Call a listener whenever something arrives or the socket ends; null removes it. */
  listen(listener: (() => void) | null): void;
}

const createInbox = (socket: Socket): Inbox => {
  let received: Buffer = Buffer.alloc(0);
  let ended = false;
  let error: unknown = null;
  let notify: (() => void) | null = null;

  socket.on('data', (chunk: Buffer) => {
    if (received.length < MAX_KEPT_BYTES) received = Buffer.concat([received, chunk]);
    notify?.();
  });
  socket.on('error', (thrown) => {
    error = thrown;
    notify?.();
  });
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      ended = true;
      notify?.();
    });
  }

  return {
    error: () => error,
    listen: (listener) => {
      notify = listener;
    },
    take: (elapsedMs) => {
      const read = readReply(received, ended, elapsedMs);
      const isHttp = mayBeHttp(received);
      const isTooLarge =
        received.length >= MAX_KEPT_BYTES ||
        (received.length > MAX_HEAD_BYTES && !received.includes('\r\n\r\n'));
      const mayContinue = isHttp && !isTooLarge && error === null && !ended;
      if (read === null && mayContinue) return null;
      received = read?.rest ?? Buffer.alloc(0);
      if (read !== null) return read.answer;
      if (!isHttp) return noReplyOf('not_http', elapsedMs);
      if (isTooLarge) return noReplyOf('headers_too_large', elapsedMs);
      return error === null ? noReplyOf('closed_early', elapsedMs) : noReply(error, elapsedMs);
    },
  };
};

/** Resolve when the bytes have been flushed, or after the timeout: a peer that reads nothing blocks forever. */
const writeTo = (
  socket: Socket,
  bytes: Uint8Array | string,
  { wall, timeoutMs }: RawOptions,
): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) {
      resolve();
      return;
    }
    const disarm = wall.after(timeoutMs, resolve);
    socket.write(bytes, () => {
      disarm();
      resolve();
    });
  });

const nextReply = (
  inbox: Inbox,
  elapsed: () => number,
  { wall, timeoutMs, signal }: RawOptions,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const finish = (): void => {
      inbox.listen(null);
      disarm();
    };
    const disarm = wall.after(timeoutMs, () => {
      inbox.listen(null);
      // The end of a run wakes all timers: the receiver has not had its time.
      const none =
        signal?.aborted === true
          ? ({ cause: 'aborted', message: 'the run was interrupted' } as const)
          : ({ cause: 'timeout', message: 'no complete response' } as const);
      resolve({ kind: 'none', ...none, durationMs: elapsed() });
    });
    const look = (): void => {
      try {
        const reply = inbox.take(elapsed());
        if (reply === null) return;
        finish();
        resolve(reply);
      } catch (thrown) {
        finish();
        reject(asError(thrown));
      }
    };
    inbox.listen(look);
    look();
  });

/** Resolve when the socket is connected (with TLS: after the handshake) or has failed. */
const whenSettled = (socket: Socket, options: RawOptions): Promise<void> =>
  new Promise((resolve) => {
    const { wall, timeoutMs, url, signal } = options;
    const timedOut = Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' });
    const disarm = wall.after(timeoutMs, () => socket.destroy(timedOut));
    const interrupted = (): void => {
      socket.destroy(Object.assign(new Error('interrupted'), { code: 'ABORT_ERR' }));
    };
    const settle = (): void => {
      disarm();
      resolve();
    };
    socket.once(new URL(url).protocol === 'https:' ? 'secureConnect' : 'connect', settle);
    socket.on('error', settle);
    socket.on('close', () => signal?.removeEventListener('abort', interrupted));
    signal?.addEventListener('abort', interrupted);
    if (signal?.aborted === true) interrupted();
  });

/**
 * Open a connection. It never rejects: {@link RawConnection.failure} says why there is no connection.
 *
 * The connection must be closed by the caller.
 */
export const openRaw = async (options: RawOptions): Promise<RawConnection> => {
  const socket = dial(options);
  socket.setNoDelay(true);
  const inbox = createInbox(socket);
  let elapsed = stopwatch();
  await whenSettled(socket, options);
  if (inbox.error() === null) elapsed = stopwatch();
  return {
    failure: () => (inbox.error() === null ? null : noReply(inbox.error(), elapsed())),
    write: (bytes) => {
      elapsed = stopwatch();
      return writeTo(socket, bytes, options);
    },
    reply: () => nextReply(inbox, () => elapsed(), options),
    close: () => socket.destroy(),
  };
};

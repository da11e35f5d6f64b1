/**
 * A connection that takes bytes as they are, for what an HTTP client would tidy up.
 *
 * @module
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { WallClock } from '../../clock/port.ts';
import { stopwatch } from './stopwatch.ts';
import type { HeaderPairs, NoReply, Reply } from './exchange.ts';
import { MAX_HEAD_BYTES } from './connections.ts';
import { asError, noReply, noReplyOf } from './http-client.ts';
import { mayBeHttp, MAX_REPLY_BYTES, readReply } from './response-parser.ts';

export interface RawConnection {
  /** Why there is no connection; null while there is one. */
  failure(): NoReply | null;
  /** Resolves when the bytes have been handed to the system, or that has taken too long. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** The next answer, within the limit of time; its duration counts from what was written last. */
  reply(): Promise<Reply>;
  close(): void;
}

export interface RawOptions {
  readonly url: string;
  readonly insecure: boolean;
  readonly wall: WallClock;
  /** Milliseconds, for connecting and again for the answer. */
  readonly timeoutMs: number;
  /** Cuts the connection. */
  readonly signal: AbortSignal | undefined;
}

/** The head of a request as text: request line, `Host`, the given headers in the given spelling, and the empty line. */
export const rawHead = (method: string, url: string, headers: HeaderPairs): string => {
  const { pathname, search, host } = new URL(url);
  const lines = [['Host', host], ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`;
};

const dial = ({ url, insecure }: RawOptions): Socket => {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'https:') return connectTcp({ host, port: Number(port || 80) });
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({
    host,
    port: Number(port || 443),
    rejectUnauthorized: !insecure,
    ...servername,
  });
};

/** Its head comes on top of what is kept of the body. */
const MAX_KEPT_BYTES = 2 * MAX_REPLY_BYTES;

export const openRaw = (options: RawOptions): Promise<RawConnection> =>
  new Promise((resolve) => {
    const { wall, timeoutMs, url, signal } = options;
    const socket = dial(options);
    socket.setNoDelay(true);
    let elapsed = stopwatch();
    let received: Buffer = Buffer.alloc(0);
    let ended = false;
    let broken: unknown = null;
    let look = (): void => undefined;

    const connection: RawConnection = {
      failure: () => (broken === null ? null : noReply(broken, elapsed())),
      write: (bytes) =>
        new Promise((written) => {
          elapsed = stopwatch();
          if (socket.destroyed) {
            written();
            return;
          }
          // Who reads nothing lets it wait for ever.
          const disarm = wall.after(timeoutMs, written);
          socket.write(bytes, () => {
            disarm();
            written();
          });
        }),
      reply: () =>
        new Promise((answer, refuse) => {
          const disarm = wall.after(timeoutMs, () => {
            look = () => undefined;
            const message = 'no complete answer';
            answer({ kind: 'none', cause: 'timeout', message, durationMs: elapsed() });
          });
          look = () => {
            const read = readReply(received, ended, elapsed());
            const alien = !mayBeHttp(received);
            const isTooLarge =
              received.length >= MAX_KEPT_BYTES ||
              (received.length > MAX_HEAD_BYTES && !received.includes('\r\n\r\n'));
            if (read === null && !alien && !isTooLarge && broken === null && !ended) return;
            look = () => undefined;
            disarm();
            received = read?.rest ?? Buffer.alloc(0);
            if (read !== null) {
              answer(read.answer);
              return;
            }
            try {
              if (alien) answer(noReplyOf('not_http', elapsed()));
              else if (isTooLarge) answer(noReplyOf('headers_too_large', elapsed()));
              else if (broken === null) answer(noReplyOf('closed_early', elapsed()));
              else answer(noReply(broken, elapsed()));
            } catch (internal) {
              refuse(asError(internal));
            }
          };
          look();
        }),
      close: () => socket.destroy(),
    };

    const settle = (): void => {
      disarmConnect();
      resolve(connection);
    };
    const tooLong = Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' });
    const disarmConnect = wall.after(timeoutMs, () => socket.destroy(tooLong));
    const interrupted = (): void => {
      socket.destroy(Object.assign(new Error('interrupted'), { code: 'ABORT_ERR' }));
    };
    signal?.addEventListener('abort', interrupted);
    if (signal?.aborted === true) interrupted();
    socket.once(new URL(url).protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      elapsed = stopwatch();
      settle();
    });
    socket.on('data', (chunk: Buffer) => {
      if (received.length < MAX_KEPT_BYTES) received = Buffer.concat([received, chunk]);
      look();
    });
    socket.on('end', () => {
      ended = true;
      look();
    });
    socket.on('error', (error) => {
      broken = error;
      settle();
      look();
    });
    socket.on('close', () => {
      signal?.removeEventListener('abort', interrupted);
      ended = true;
      look();
    });
  });

/**
 * A connection that takes bytes as they are, for what an HTTP client would tidy up.
 *
 * @module
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { WallClock } from '../../clock/port.ts';
import { stopwatch } from '../stopwatch.ts';
import type { HeaderPairs, NoReply, Reply } from './exchange.ts';
import { MOST_REPLY_BYTES, noReply } from './http-client.ts';
import { readReply } from './raw-reply.ts';

export interface RawConnection {
  /** Why there is no connection; null while there is one. */
  failure(): NoReply | null;
  /** Resolves when the bytes have been handed to the system. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** The answer to what was written since the last one, within the limit of time. */
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

export const openRaw = (options: RawOptions): Promise<RawConnection> =>
  new Promise((resolve) => {
    const { wall, timeoutMs, url, signal } = options;
    const socket = dial(options);
    socket.setNoDelay(true);
    let elapsed = stopwatch();
    let received = Buffer.alloc(0);
    let ended = false;
    let broken: unknown = null;
    let look = (): void => undefined;

    const connection: RawConnection = {
      failure: () => (broken === null ? null : noReply(broken, elapsed())),
      write: (bytes) =>
        new Promise((written) => {
          if (socket.destroyed) written();
          else socket.write(bytes, () => written());
        }),
      reply: () =>
        new Promise((answer) => {
          const disarm = wall.after(timeoutMs, () => {
            look = () => undefined;
            const message = 'no complete answer';
            answer({ kind: 'none', cause: 'timeout', message, durationMs: elapsed() });
          });
          look = () => {
            const read = readReply(received, ended, elapsed());
            if (read === null && broken === null && !ended) return;
            look = () => undefined;
            disarm();
            const closed = { code: 'UND_ERR_SOCKET' };
            received = Buffer.alloc(0);
            answer(read ?? noReply(broken ?? closed, elapsed()));
          };
          look();
        }),
      close: () => socket.destroy(),
    };

    const open = (): void => {
      disarmConnect();
      elapsed = stopwatch();
      resolve(connection);
    };
    const tooLong = Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' });
    const disarmConnect = wall.after(timeoutMs, () => socket.destroy(tooLong));
    const interrupted = (): void => {
      socket.destroy(new Error('interrupted'));
    };
    signal?.addEventListener('abort', interrupted);
    if (signal?.aborted === true) interrupted();
    socket.once(new URL(url).protocol === 'https:' ? 'secureConnect' : 'connect', open);
    socket.on('data', (chunk: Buffer) => {
      if (received.length < MOST_REPLY_BYTES) received = Buffer.concat([received, chunk]);
      look();
    });
    socket.on('end', () => {
      ended = true;
      look();
    });
    socket.on('error', (error) => {
      broken = error;
      open();
      look();
    });
    socket.on('close', () => {
      signal?.removeEventListener('abort', interrupted);
      ended = true;
      look();
    });
  });

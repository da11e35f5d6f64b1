/**
 * An app on a port.
 *
 * @module
 */
import { createServer } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { WallClock } from '../clock/port.ts';
import { guardProtocol } from './client-errors.ts';

/** A request's head must be in by then, and the whole of it by the other. Real milliseconds. */
const HEADERS_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 120_000;
/**
 * Node's five seconds are so few that a client on a busy machine sends its next request into a connection that is being
 * closed, and fails.
 */
const KEEP_ALIVE_MS = 75_000;
/** While it closes, connections that have become idle are let go of so often. */
const CLOSING_LOOK_MS = 20;

/** The address cannot be bound; the message says why and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface Listening {
  /** As a client on this machine writes it. */
  readonly url: string;
  /** Takes no more requests, lets those that are being answered end for up to `graceMs`, and cuts the rest. */
  close(graceMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly wall: WallClock;
  /** Answers what never gets through the app, such as a request whose `Host` is none. */
  readonly lastResort: (error: unknown) => Response;
}

const explain = (error: NodeJS.ErrnoException, host: string, port: number): Error => {
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError(
        `Port ${port} on ${host} is taken. Stop what uses it, or give another with --port (0 takes a free one).`,
      );
    case 'EACCES':
      return new ListenError(
        `Port ${port} needs more rights than this process has. Give one above 1023 with --port.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError(
        `This machine has no address ${host}. Give one that it has with --host, e.g. 127.0.0.1 or 0.0.0.0.`,
      );
    default:
      return error;
  }
};

/** An address that means "all of mine" is reached by loopback. */
const reachable = (host: string): string => {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
};

interface App {
  readonly fetch: (request: Request, env: HttpBindings) => Response | Promise<Response>;
}

export const listen = (
  app: App,
  { host, port, wall, lastResort }: ListenOptions,
): Promise<Listening> => {
  const answer = getRequestListener(
    (request, env) => app.fetch(request, env as HttpBindings),
    // An HTTP/1.0 client need not send a Host.
    { hostname: reachable(host), errorHandler: lastResort },
  );
  const server = createServer({ requireHostHeader: false });
  guardProtocol(server, (incoming, outgoing) => void answer(incoming, outgoing), lastResort);
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  const close = (graceMs: number): Promise<void> =>
    new Promise((closed) => {
      let disarm = (): void => undefined;
      const look = (): void => {
        server.closeIdleConnections();
        disarm = wall.after(CLOSING_LOOK_MS, look);
      };
      const cut = wall.after(graceMs, () => server.closeAllConnections());
      server.close(() => {
        disarm();
        cut();
        closed();
      });
      look();
    });

  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, host, port)));
    server.listen(port, host, () => {
      const { port: bound } = server.address() as AddressInfo;
      resolve({ url: `http://${reachable(host)}:${bound}`, close });
    });
  });
};

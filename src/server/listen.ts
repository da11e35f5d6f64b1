/**
 * An app on a port.
 *
 * @module
 */
import type { Server } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';

/** A request's head must be in by then, and the whole of it by the other. Real milliseconds. */
const HEADERS_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 120_000;

/** The address cannot be bound; the message says why and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface Listening {
  /** As a client on this machine writes it. */
  readonly url: string;
  /** Takes no more requests and cuts those that wait. */
  close(): Promise<void>;
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

export const listen = (
  app: { readonly fetch: (request: Request) => Response | Promise<Response> },
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> =>
  new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }) as Server;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.once('error', (error) => reject(explain(error, host, port)));
    server.once('listening', () => {
      const bound = (server.address() as AddressInfo).port;
      resolve({
        url: `http://${reachable(host)}:${bound}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            // Streams and long polls would keep it open for ever.
            server.closeAllConnections();
          }),
      });
    });
  });

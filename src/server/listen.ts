/**
 * Serves an app on a port.
 *
 * @module
 */
import { createServer } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { WallClock } from '../clock/port.ts';
import { StartError } from '../domain/start-error.ts';
import { guardProtocol } from './client-errors.ts';
import { createDrain } from './drain.ts';

/** Timeouts for receiving the headers and the whole request, in real milliseconds. */
const HEADERS_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 120_000;
/**
 * Node's default of 5 s is too short: a client on a busy machine sends its next request on a connection that is just being
 * closed, and fails.
 */
const KEEP_ALIVE_MS = 75_000;

/** The address cannot be bound: the `port` or the `host` must change. */
export class ListenError extends StartError {
  override readonly name = 'ListenError';
}

export interface Listening {
  /** URL for clients on this machine. */
  readonly url: string;
  /** Stop accepting requests, wait up to `graceMs` for running ones, then close all connections. */
  close(graceMs: number): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly wall: WallClock;
  /** Creates the response to an error below the app, such as a request without `Host`. */
  readonly lastResort: (error: unknown) => Response;
}

const explain = (error: NodeJS.ErrnoException, host: string, port: number): Error => {
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError(
        { option: 'port', value: port },
        `Port ${port} on ${host} is in use`,
        (option) =>
          `Stop the process that uses it, or pass another ${option} (0 selects a free port).`,
      );
    case 'EACCES':
      return new ListenError(
        { option: 'port', value: port },
        `Permission denied for port ${port}`,
        (option) => `Pass a ${option} above 1023.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError(
        { option: 'host', value: host },
        `This machine has no address ${host}`,
        (option) => `Pass a ${option} that it has, such as 127.0.0.1 or 0.0.0.0.`,
      );
    default:
      return error;
  }
};

/** The host for a client's URL: loopback if bound to all interfaces. */
const clientHostOf = (host: string): string => {
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
    // An HTTP/1.0 client may omit Host.
    { hostname: clientHostOf(host), errorHandler: lastResort },
  );
  const server = createServer({ requireHostHeader: false });
  guardProtocol(server, (incoming, outgoing) => void answer(incoming, outgoing), lastResort);
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;

  const { close } = createDrain(server, wall);

  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, host, port)));
    server.listen(port, host, () => {
      const { port: bound } = server.address() as AddressInfo;
      resolve({ url: `http://${clientHostOf(host)}:${bound}`, close });
    });
  });
};

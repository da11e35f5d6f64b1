/**
 * Receivers for tests: real node:http servers on free ports that record their requests.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly bytes: Buffer;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Resolves once `count` requests have arrived. */
  arrived(count: number): Promise<readonly Received[]>;
}

export type Answer = (received: Received, response: ServerResponse, count: number) => void;

/** Creates a handler that sends the same response to every request. */
export const answer =
  (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Answer =>
  (_received, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };

const LOOPBACK = '127.0.0.1';

const listening = async (server: Server, port: number, host = LOOPBACK): Promise<number> => {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Starts a receiver. Containers can reach it only with host 0.0.0.0. @param respond handler; 200 by default */
export const startReceiver = async (
  respond: Answer = answer(200),
  port = 0,
  host = LOOPBACK,
): Promise<Receiver> => {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const { method = '', url = '', headers, rawHeaders } = request;
      const one = { method, path: url, headers, rawHeaders, body: bytes.toString(), bytes };
      received.push(one);
      for (const look of waiting) look();
      respond(one, response, received.length);
    });
  });
  const bound = await listening(server, port, host);
  return {
    url: `http://127.0.0.1:${bound}/webhooks/sendemall`,
    port: bound,
    received,
    arrived: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (received.length < count) return;
          waiting.delete(look);
          resolve(received);
        };
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

/** Starts a TCP receiver. @param serve called with every connection */
export const startSocketReceiver = async (
  serve: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly url: string; readonly port: number }> => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  const port = await listening(server, 0);
  return {
    url: `http://127.0.0.1:${port}/webhooks/sendemall`,
    port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

/** Finds a port on which nothing listens. */
export const freePort = async (): Promise<number> => {
  const server = createTcpServer();
  const port = await listening(server, 0);
  server.close();
  await once(server, 'close');
  return port;
};

/**
 * Mounts a receiver on a free port: a fetch-style handler, a Node listener, or a framework's app.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, Server, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';

/** Fetch-style handler. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Node request listener, such as an Express app or a Koa callback. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** An app with `fetch`, such as Hono's. */
export interface FetchApp {
  fetch(request: Request): Response | Promise<Response>;
}

/** The part of a Fastify app that is needed here. */
export interface FastifyApp {
  ready(): PromiseLike<unknown>;
  readonly server: Server;
  listen(options: { readonly port: number; readonly host: string }): Promise<string>;
  close(): PromiseLike<unknown>;
}

export type Receiver = string | FetchHandler | NodeListener | FetchApp | FastifyApp | Server;

export interface Mounted extends AsyncDisposable {
  readonly url: string;
  /** Errors that the handler threw, in order. */
  readonly errors: readonly unknown[];
}

/** The receiver cannot be mounted. */
export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';
}

const REMEDY =
  'Pass a URL, a handler (request: Request) => Response, a Node listener (req, res) => …, or an app of Hono, Express, Fastify or Koa (app.callback()).';

const listen = async (server: Server): Promise<string> => {
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const close = async (server: Server): Promise<void> => {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
};

const served = async (listener: NodeListener, errors: unknown[]): Promise<Mounted> => {
  const failed = (error: unknown, response: ServerResponse): void => {
    errors.push(error);
    if (response.headersSent) response.destroy();
    else response.writeHead(500).end();
  };
  const server = createServer((request, response) => {
    try {
      const result = listener(request, response);
      if (result instanceof Promise) {
        result.catch((error: unknown) => failed(error, response));
      }
    } catch (error) {
      failed(error, response);
    }
  });
  return { url: await listen(server), errors, [Symbol.asyncDispose]: () => close(server) };
};

const isFastify = (receiver: object): receiver is FastifyApp =>
  'ready' in receiver && 'server' in receiver && 'listen' in receiver && 'close' in receiver;

const fetching = (handler: FetchHandler): Promise<Mounted> => {
  const errors: unknown[] = [];
  const listener = getRequestListener(async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      errors.push(error);
      return new Response(null, { status: 500 });
    }
  });
  return served(listener, errors);
};

/**
 * Mount a receiver.
 *
 * @returns its origin; for a URL, the URL unchanged
 * @throws {ReceiverError} if it is neither a URL nor a handler
 */
export const mount = async (receiver: Receiver): Promise<Mounted> => {
  if (typeof receiver === 'string') {
    if (!URL.canParse(receiver)) throw new ReceiverError(`Invalid URL "${receiver}". ${REMEDY}`);
    return { url: receiver, errors: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  if (receiver instanceof Server) {
    const wasListening = receiver.listening;
    return {
      url: await listen(receiver),
      errors: [],
      // Do not close a server that was already listening.
      [Symbol.asyncDispose]: () => (wasListening ? Promise.resolve() : close(receiver)),
    };
  }
  if (typeof receiver === 'object' && receiver !== null) {
    if (isFastify(receiver)) {
      await receiver.ready();
      await receiver.listen({ port: 0, host: '127.0.0.1' });
      const { port } = receiver.server.address() as AddressInfo;
      return {
        url: `http://127.0.0.1:${port}`,
        errors: [],
        [Symbol.asyncDispose]: async () => {
          await receiver.close();
        },
      };
    }
    if ('fetch' in receiver && typeof receiver.fetch === 'function') {
      return fetching((request) => receiver.fetch(request));
    }
  }
  if (typeof receiver === 'function') {
    // Express' app and Node's listeners take a response to write to; fetch-style handlers return one.
    return receiver.length >= 2
      ? served(receiver as NodeListener, [])
      : fetching(receiver as FetchHandler);
  }
  throw new ReceiverError(
    `Invalid receiver of type ${receiver === null ? 'null' : typeof receiver}. ${REMEDY}`,
  );
};

/**
 * Errors below the app: requests that the HTTP parser rejects, that time out, or that are not HTTP. Node answers them with
 * a bare status line; here they get the same error envelope as every other error.
 *
 * @module
 */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

type LastResort = (error: unknown) => Response;

/** A request that is rejected before it reaches the app. */
class RequestError extends Error {
  override readonly name = 'RequestError';
}

const headLines = ({ status, headers }: Response, length: number): string =>
  [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...[...headers].map(([name, value]) => `${name}: ${value}`),
    `content-length: ${length}`,
    'connection: close',
    '',
    '',
  ].join('\r\n');

const endWith = async (socket: Duplex, response: Response): Promise<void> => {
  const body = Buffer.from(await response.arrayBuffer());
  if (socket.writable) socket.end(headLines(response, body.length) + body.toString());
  else socket.destroy();
};

const refuse = async (outgoing: ServerResponse, response: Response): Promise<void> => {
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': body.length,
    connection: 'close',
  });
  outgoing.end(body);
};

/** Handler of a request. */
export type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * Run HTTP-level checks before `answer`. The server must have been created with `requireHostHeader: false`.
 *
 * @param lastResort creates the response to an error
 */
export const guardProtocol = (server: Server, answer: Listener, lastResort: LastResort): void => {
  const current = new WeakMap<Duplex, ServerResponse>();
  const take: Listener = (incoming, outgoing) => {
    current.set(incoming.socket, outgoing);
    if (incoming.headers.host === undefined && incoming.httpVersion === '1.1') {
      void refuse(outgoing, lastResort(new RequestError('Host is missing')));
      return;
    }
    answer(incoming, outgoing);
  };
  server.on('request', take);
  // An unknown expectation may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', take);
  server.on('connect', (_incoming, socket) => {
    socket.on('error', () => socket.destroy());
    void endWith(socket, lastResort(new RequestError('CONNECT is not supported')));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const outgoing = current.get(socket);
    const isAnswering = outgoing?.headersSent === true && !outgoing.writableEnded;
    if (error.code === 'ECONNRESET' || isAnswering) socket.destroy();
    else void endWith(socket, lastResort(error));
  });
};

/**
 * Requests that never become one: what the HTTP parser refuses, what takes too long, what is not HTTP at all. Node
 * answers those with a bare status line; here they get the error envelope that every other refusal has.
 *
 * @module
 */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

type LastResort = (error: unknown) => Response;

/** A request that this server refuses before it reaches the app. */
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

/** Takes a request and answers it. */
export type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * Puts `answer` behind the checks of HTTP itself. The server must be made with `requireHostHeader: false`.
 *
 * @param lastResort makes the answer to an error
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
    void endWith(socket, lastResort(new RequestError('this is no proxy')));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const outgoing = current.get(socket);
    const isAnswering = outgoing?.headersSent === true && !outgoing.writableEnded;
    if (error.code === 'ECONNRESET' || isAnswering) socket.destroy();
    else void endWith(socket, lastResort(error));
  });
};

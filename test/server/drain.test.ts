/**
 * The end of a server: requests that have been sent are answered.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock/system.ts';
import { listen, type Listening } from '../../src/server/listen.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

const serve = (answer: () => Response | Promise<Response>): Promise<Listening> =>
  listen(
    { fetch: answer },
    { host: '127.0.0.1', port: 0, wall: systemClock, lastResort: () => new Response() },
  );

const open = ({ url }: Listening): Socket => connect(Number(new URL(url).port), '127.0.0.1');

/** All that arrives until the end of the connection. */
const readAll = async (socket: Socket): Promise<string> => {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, 'end');
  return text;
};

/** Wait until the server does not listen any more. */
const untilRefused = async (server: Listening): Promise<void> => {
  for (;;) {
    const socket = open(server);
    const isRefused = await once(socket, 'connect').then(
      () => false,
      () => true,
    );
    socket.destroy();
    if (isRefused) return;
  }
};

describe('a server that closes', () => {
  test('answers the connections that it had not accepted yet', async () => {
    const server = await serve(() => new Response('answer'));
    const sockets = Array.from({ length: 100 }, () => open(server));
    const answers = sockets.map(readAll);
    // The operating system has accepted all of them, and the server about one.
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.write(REQUEST);
    await server.close(5000);
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*answer$/su);
      expect(answer.toLowerCase()).toContain('connection: close');
    }
  });

  test('sends a response to its end that a client reads late', async () => {
    const size = 20_000_000;
    const server = await serve(() => new Response('x'.repeat(size)));
    const socket = open(server);
    socket.write(REQUEST);
    await once(socket, 'readable');
    const closed = server.close(60_000);
    await untilRefused(server);
    const answer = await readAll(socket);
    expect(answer.length).toBeGreaterThan(size);
    await closed;
  });

  test('closes connections without a request at once', async () => {
    const server = await serve(() => new Response('answer'));
    const socket = open(server);
    socket.write(REQUEST);
    await once(socket, 'data');
    const ended = once(socket, 'end');
    await server.close(60_000);
    await ended;
    expect(socket.readableEnded).toBe(true);
  });

  test('cuts a response that takes too long', async () => {
    // Never resolves.
    const server = await serve(() => Promise.race<Response>([]));
    const socket = open(server);
    socket.write(REQUEST);
    const cut = once(socket, 'close');
    await server.close(50);
    await cut;
    expect(socket.bytesRead).toBe(0);
  });
});

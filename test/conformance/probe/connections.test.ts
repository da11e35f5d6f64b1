/**
 * How probes speak HTTP: what is the receiver's doing is told, what is chance is not.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock/system.ts';
import { createHttpClient } from '../../../src/conformance/probe/http-client.ts';
import { openRaw } from '../../../src/conformance/probe/raw-socket.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

/** A server that does with each request (of one packet) as it is told; requests are numbered over all connections. */
const serve = async (
  answer: (socket: Socket, request: { nth: number; ofConnection: number }) => void,
): Promise<{ url: string; requests: () => number; connections: () => number }> => {
  let requests = 0;
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let ofConnection = 0;
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      requests += 1;
      ofConnection += 1;
      answer(socket, { nth: requests, ofConnection });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    requests: () => requests,
    connections: () => connections,
  };
};

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const client = (connections = 4): ReturnType<typeof createHttpClient> => {
  const made = createHttpClient({
    wall: systemClock,
    insecure: false,
    connections,
    signal: undefined,
  });
  cleanups.push(() => made.close());
  return made;
};

const post = (url: string) => ({
  method: 'POST',
  url,
  headers: [['Content-Type', 'application/json']] as const,
  body: Buffer.from('{}'),
  manner: null,
});

describe('the HTTP client', () => {
  test('asks once more when an idle connection was closed under it', async () => {
    const server = await serve((socket, { ofConnection }) => {
      if (ofConnection === 1) socket.write(OK);
      else socket.resetAndDestroy();
    });
    const http = client();
    for (let round = 0; round < 3; round += 1) {
      expect(await http.send(post(server.url), 5000)).toMatchObject({
        kind: 'answer',
        status: 200,
      });
    }
    expect([server.requests(), server.connections()]).toEqual([5, 3]);
  });

  test('takes a reset of a fresh connection for what it is', async () => {
    const server = await serve((socket) => socket.resetAndDestroy());
    expect(await client().send(post(server.url), 5000)).toMatchObject({
      kind: 'none',
      cause: 'reset',
    });
    expect(server.requests()).toBe(1);
  });

  test('counts the time from when a connection is free', async () => {
    const held: Socket[] = [];
    const server = await serve((socket, { nth }) => {
      if (nth === 1) held.push(socket);
      else socket.write(OK);
    });
    const http = client(1);
    const first = http.send(post(server.url), 300);
    const second = http.send(post(server.url), 300);
    expect(await first).toMatchObject({ kind: 'none', cause: 'timeout' });
    expect(await second).toMatchObject({ kind: 'answer', status: 200 });
    expect(held).toHaveLength(1);
  });
});

describe('a raw connection', () => {
  const raw = async (reply: string | Buffer, end = false, timeoutMs = 5000) => {
    const server = await serve((socket) => {
      if (end) socket.end(reply);
      else socket.write(reply);
    });
    const connection = await openRaw({
      url: server.url,
      insecure: false,
      wall: systemClock,
      timeoutMs,
      signal: undefined,
    });
    cleanups.push(() => connection.close());
    await connection.write('POST /hook HTTP/1.1\r\nHost: x\r\n\r\n');
    return connection;
  };

  test.each([
    ['of a stated length', OK, false, 'ok'],
    ['after an interim one', `HTTP/1.1 100 Continue\r\n\r\n${OK}`, false, 'ok'],
    [
      'in chunks, with a trailer',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nX-T: 1\r\n\r\n',
      false,
      'abcd',
    ],
    ['that ends with the connection', 'HTTP/1.0 200 OK\r\n\r\nthe rest', true, 'the rest'],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', false, ''],
  ])('reads an answer %s', async (_, reply, end, body) => {
    const { reply: read } = await raw(reply, end);
    expect(await read()).toMatchObject({ kind: 'answer', body });
  });

  test('reads one answer after the other', async () => {
    const { reply } = await raw(`${OK}HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n`);
    expect(await reply()).toMatchObject({ kind: 'answer', status: 200, body: 'ok' });
    expect(await reply()).toMatchObject({ kind: 'answer', status: 401, body: '' });
  });

  test('keeps the beginning of an endless answer', async () => {
    const { reply } = await raw(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(300_000)}`);
    const read = await reply();
    expect(read.kind === 'answer' && read.body.length).toBe(65_536);
  });

  test.each([
    ['is told at once of what is not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', false, 'invalid_response'],
    ['is told of a cut answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', true, 'reset'],
    ['is told of a connection that only closes', '', true, 'reset'],
  ])('%s', async (_, bytes, end, cause) => {
    const { reply } = await raw(bytes, end);
    expect(await reply()).toMatchObject({ kind: 'none', cause });
  });

  test('waits no longer than it may', async () => {
    const { reply } = await raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', false, 50);
    expect(await reply()).toMatchObject({ kind: 'none', cause: 'timeout' });
  });
});

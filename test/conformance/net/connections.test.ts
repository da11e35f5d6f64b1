/**
 * How probes speak HTTP: failures of the receiver are reported, accidents of the connection are not.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { WallClock } from '../../../src/clock/port.ts';
import { systemClock } from '../../../src/clock/system.ts';
import { createHttpClient } from '../../../src/conformance/net/http-client.ts';
import { openRaw } from '../../../src/conformance/net/raw-socket.ts';
import { selfSigned } from '../../support/tls.ts';
import { listenersOf, recordingClock } from '../recording.ts';
import { eventually } from '../../support/eventually.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

/** A server that handles each request (of one packet) with `answer`; requests are numbered over all connections. */
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

const client = (
  connections = 4,
  signal?: AbortSignal,
  wall: WallClock = systemClock,
  insecure = false,
): ReturnType<typeof createHttpClient> => {
  const made = createHttpClient({ wall, insecure, connections, signal });
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

  test('holds as many connections as it may, and no more', async () => {
    const held: Socket[] = [];
    const server = await serve((socket) => held.push(socket));
    const http = client(3);
    const all = Array.from({ length: 7 }, () => http.send(post(server.url), 5000));
    // Each answer frees a connection for one of those that wait.
    for (const open of [3, 3, 3, 3, 3, 2, 1]) {
      await eventually(() => expect(held).toHaveLength(open));
      held.shift()!.write(OK);
    }
    for (const reply of await Promise.all(all)) expect(reply).toMatchObject({ status: 200 });
    expect([server.requests(), server.connections()]).toEqual([7, 3]);
  });

  test('uses a connection again, until the response asks to close it', async () => {
    let gone: Promise<unknown> = Promise.resolve();
    const server = await serve((socket, { nth }) => {
      if (nth === 1) gone = once(socket, 'close');
      // Announces a longer keep-alive than the client's own idle timeout.
      socket.write(OK.replace('\r\n', '\r\nKeep-Alive: timeout=300\r\n'));
    });
    const http = client();
    for (let round = 0; round < 3; round += 1) {
      expect(await http.send(post(server.url), 5000)).toMatchObject({ status: 200 });
    }
    expect(server.connections()).toBe(1);
    await http.close();
    await gone;
  });

  test('keeps those to one origin apart from those to another', async () => {
    const [one, two] = [await serve((it) => it.write(OK)), await serve((it) => it.write(OK))];
    const http = client(1);
    for (const { url } of [one, two, one, two]) {
      expect(await http.send(post(url), 5000)).toMatchObject({ status: 200 });
    }
    expect([one.connections(), two.connections()]).toEqual([1, 1]);
  });

  test('takes the beginning of an endless answer, and ends its connection', async () => {
    const server = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`);
      socket.write(`20000\r\n${'x'.repeat(0x20000)}\r\n`);
    });
    const http = client(1);
    for (let round = 1; round <= 2; round += 1) {
      const reply = await http.send(post(server.url), 5000);
      expect(reply.kind === 'answer' && reply.body).toBe('x'.repeat(65_536));
      expect(server.connections()).toBe(round);
    }
  });

  test('does not ask again once an answer has begun', async () => {
    const server = await serve((socket, { ofConnection }) => {
      if (ofConnection === 1) socket.write(OK);
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    });
    const http = client();
    await http.send(post(server.url), 5000);
    expect(await http.send(post(server.url), 5000)).toMatchObject({ kind: 'none', cause: 'reset' });
    expect(server.requests()).toBe(2);
  });

  test('does not ask again what took its time to be cut', async () => {
    const server = await serve((socket, { ofConnection }) => {
      if (ofConnection === 1) socket.write(OK);
      // No clock to advance: it is the receiver that is slow.
      else setTimeout(() => socket.resetAndDestroy(), 300);
    });
    const http = client();
    await http.send(post(server.url), 5000);
    expect(await http.send(post(server.url), 5000)).toMatchObject({ kind: 'none', cause: 'reset' });
    expect(server.requests()).toBe(2);
  });

  test('asks again over a connection that is new, though others lie idle', async () => {
    const first: Socket[] = [];
    const server = await serve((socket, { nth, ofConnection }) => {
      if (nth <= 2) first.push(socket);
      else if (ofConnection === 1) socket.write(OK);
      else socket.resetAndDestroy();
      if (first.length === 2) for (const one of first.splice(0)) one.write(OK);
    });
    const http = client();
    await Promise.all([http.send(post(server.url), 5000), http.send(post(server.url), 5000)]);
    expect(server.connections()).toBe(2);
    expect(await http.send(post(server.url), 5000)).toMatchObject({ status: 200 });
    expect([server.requests(), server.connections()]).toEqual([4, 3]);
  });

  test('leaves no timer and no listener behind', async () => {
    const held: Socket[] = [];
    const server = await serve((socket, { nth }) => {
      if (nth === 1) held.push(socket);
      else socket.resetAndDestroy();
    });
    const { wall, armed } = recordingClock();
    const { signal } = new AbortController();
    const listeners = listenersOf(signal);
    const http = client(1, signal, wall);
    const sent = http.send(post(server.url), 77);
    await eventually(() => expect(held).toHaveLength(1));
    expect([[...armed].map(({ ms }) => ms), listeners()]).toEqual([[77], 1]);
    held[0]!.write(OK);
    for (const [at, kind] of ['answer', 'none'].entries()) {
      const reply = at === 0 ? await sent : await http.send(post(server.url), 77);
      // The client's own listener, one for all requests.
      expect([reply.kind, armed.size, listeners()]).toEqual([kind, 0, 1]);
    }
    await http.close();
    expect(listeners()).toBe(0);
  });

  test('accepts an untrusted certificate with "insecure"', async () => {
    const server = createTlsServer(selfSigned(), (_request, response) => response.end('ok'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    expect(await client().send(post(url), 5000)).toMatchObject({
      kind: 'none',
      cause: 'tls',
      message: 'TLS failed (DEPTH_ZERO_SELF_SIGNED_CERT)',
    });
    const trusting = client(4, undefined, systemClock, true);
    expect(await trusting.send(post(url), 5000)).toMatchObject({ kind: 'answer', body: 'ok' });
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
    [
      'reports a response that is not HTTP at once',
      'SSH-2.0-OpenSSH_9.6\r\n',
      false,
      'invalid_response',
    ],
    [
      'reports a truncated response',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
      true,
      'reset',
    ],
    ['reports a connection that closes without a response', '', true, 'reset'],
  ])('%s', async (_, bytes, end, cause) => {
    const { reply } = await raw(bytes, end);
    expect(await reply()).toMatchObject({ kind: 'none', cause });
  });

  test('waits no longer than it may', async () => {
    const { reply } = await raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', false, 50);
    expect(await reply()).toMatchObject({ kind: 'none', cause: 'timeout' });
  });
});

/**
 * Raw connections: their destination, the reasons for failure, and how they end.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock/system.ts';
import {
  openRaw,
  type RawConnection,
  type RawOptions,
} from '../../../src/conformance/net/raw-socket.ts';
import { selfSigned } from '../../support/tls.ts';
import { leapingClock } from '../scripted-receiver.ts';
import { listenersOf, recordingClock } from '../recording.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const REQUEST = 'POST /hook HTTP/1.1\r\nHost: x\r\n\r\n';

const listen = async (server: Server, host = '127.0.0.1'): Promise<number> => {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  };
  server.on('connection', keep);
  server.on('secureConnection', keep);
  server.on('tlsClientError', () => undefined);
  server.listen(0, host);
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const answering = (socket: Socket): void => {
  socket.on('data', () => socket.write(OK));
};

const connect = async (url: string, more: Partial<RawOptions> = {}): Promise<RawConnection> => {
  const connection = await openRaw({
    url,
    insecure: false,
    wall: systemClock,
    timeoutMs: 5000,
    signal: undefined,
    ...more,
  });
  cleanups.push(() => connection.close());
  return connection;
};

const asked = async (connection: RawConnection) => {
  await connection.write(REQUEST);
  return connection.reply();
};

describe('over TLS', () => {
  let certificate: ReturnType<typeof selfSigned>;
  beforeAll(() => {
    certificate = selfSigned();
  });

  const secure = async () => {
    const names: (string | false | null | undefined)[] = [];
    const port = await listen(
      createTlsServer(certificate, (socket: TLSSocket) => {
        names.push(socket.servername);
        answering(socket);
      }),
    );
    return { port, names };
  };

  test('an untrusted certificate is rejected, and accepted with "insecure"', async () => {
    const { port } = await secure();
    const url = `https://127.0.0.1:${port}/hook`;
    const refused = await connect(url);
    const failure = {
      kind: 'none',
      cause: 'tls',
      message: 'TLS failed (DEPTH_ZERO_SELF_SIGNED_CERT)',
    };
    expect(refused.failure()).toMatchObject(failure);
    expect(await asked(refused)).toMatchObject(failure);
    const taken = await connect(url, { insecure: true });
    expect(taken.failure()).toBeNull();
    expect(await asked(taken)).toMatchObject({ kind: 'answer', status: 200, body: 'ok' });
  });

  test('a host is asked for by its name, an address by none', async () => {
    const { port, names } = await secure();
    for (const host of ['localhost', '127.0.0.1']) {
      const connection = await connect(`https://${host}:${port}/hook`, { insecure: true });
      expect(await asked(connection)).toMatchObject({ status: 200 });
    }
    expect(names).toEqual(['localhost', false]);
  });

  test('is connected once the handshake is done', async () => {
    // It takes the connection, and says nothing.
    const port = await listen(createServer());
    const connection = await connect(`https://127.0.0.1:${port}/`, { wall: leapingClock() });
    expect(connection.failure()).toMatchObject({ cause: 'timeout', message: 'no connection' });
  });
});

describe('where there is no connection', () => {
  test('it says why, at once, and is no trouble to write to', async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    await once(server, 'close');
    const connection = await connect(`http://127.0.0.1:${port}/`);
    const refused = { kind: 'none', cause: 'refused', message: 'connection refused' };
    expect(connection.failure()).toMatchObject(refused);
    expect(await asked(connection)).toMatchObject(refused);
  });

  test('an interruption is reported as such, before and during the connection', async () => {
    const port = await listen(createServer());
    const url = `http://127.0.0.1:${port}/`;
    const aborted = { kind: 'none', cause: 'aborted', message: 'the run was interrupted' };
    const before = await connect(url, { signal: AbortSignal.abort() });
    expect(before.failure()).toMatchObject(aborted);
    const user = new AbortController();
    const meanwhile = await connect(url, { signal: user.signal });
    expect(meanwhile.failure()).toBeNull();
    const reply = asked(meanwhile);
    user.abort();
    expect(await reply).toMatchObject(aborted);
    expect(meanwhile.failure()).toMatchObject(aborted);
  });
});

describe('a connection', () => {
  test('is made to IPv6, too', async () => {
    const port = await listen(createServer(answering), '::1');
    const connection = await connect(`http://[::1]:${port}/`);
    expect(await asked(connection)).toMatchObject({ kind: 'answer', status: 200 });
  });

  test('tells an incomplete answer from none', async () => {
    const port = await listen(
      createServer((socket) => {
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'));
      }),
    );
    const connection = await connect(`http://127.0.0.1:${port}/`, { timeoutMs: 50 });
    expect(await asked(connection)).toMatchObject({
      kind: 'none',
      cause: 'timeout',
      message: 'no complete response',
    });
    expect(connection.failure()).toBeNull();
  });

  test('counts from what was written last', async () => {
    const port = await listen(createServer(answering));
    const connection = await connect(`http://127.0.0.1:${port}/`);
    const started = performance.now();
    await connection.write(REQUEST);
    const first = await connection.reply();
    expect(first.durationMs).toBeLessThanOrEqual(performance.now() - started);
    const again = performance.now();
    await connection.write(REQUEST);
    const second = await connection.reply();
    expect(second.durationMs).toBeLessThanOrEqual(performance.now() - again);
  });

  test('ends when it is closed, and leaves no timer and no listener behind', async () => {
    let gone: Promise<unknown> = Promise.resolve();
    const port = await listen(
      createServer((socket) => {
        answering(socket);
        gone = once(socket, 'close');
      }),
    );
    const { wall, armed } = recordingClock();
    const user = new AbortController();
    const listeners = listenersOf(user.signal);
    const connection = await connect(`http://127.0.0.1:${port}/`, { wall, signal: user.signal });
    expect([armed.size, listeners()]).toEqual([0, 1]);
    expect(await asked(connection)).toMatchObject({ status: 200 });
    expect(armed.size).toBe(0);
    connection.close();
    await gone;
    await new Promise(setImmediate);
    expect(listeners()).toBe(0);
    // Writing to it now has no effect, and does not block.
    await connection.write(REQUEST);
    expect(await connection.reply()).toMatchObject({ kind: 'none', cause: 'reset' });
    expect(armed.size).toBe(0);
  });

  test('gives up writing to a server that does not read', async () => {
    const port = await listen(createServer((socket) => void socket.pause()));
    const { wall, armed } = recordingClock();
    const connection = await connect(`http://127.0.0.1:${port}/`, { wall, timeoutMs: 7 });
    let written = false;
    const writing = connection.write(Buffer.alloc(64_000_000)).then(() => {
      written = true;
    });
    await new Promise(setImmediate);
    expect([written, [...armed].map(({ ms }) => ms)]).toEqual([false, [7]]);
    for (const timer of armed) timer.wake();
    await writing;
    expect(written).toBe(true);
  });
});

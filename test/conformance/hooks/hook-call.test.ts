/**
 * Hooks that are asked over HTTP: what is said, how long is waited, and for whom.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/clock/system.ts';
import type { WallClock } from '../../../src/clock/port.ts';
import { createHookCaller } from '../../../src/conformance/hooks/hook-call.ts';
import {
  createHookConnections,
  type KeepOptions,
} from '../../../src/conformance/hooks/hook-connections.ts';
import { createHttpHooks } from '../../../src/conformance/hooks/http-hooks.ts';
import { kill, open } from '../../receivers/receiver.ts';
import { recordingClock } from '../recording.ts';

/** A port without a listener. */
const deserted = async (): Promise<number> => {
  const server = createServer();
  const port = await open(server);
  await kill(server);
  return port;
};

/** Each wait ends at once and advances the clock by its length; `look` is called for each. */
const hurried = (look: (now: number) => unknown = () => undefined) => {
  let now = 0;
  const wall: WallClock = {
    now: () => now,
    after: (ms, wake) => {
      // The time limit of a response, which no test here reaches.
      if (ms >= 1000) return () => undefined;
      now += ms;
      void Promise.resolve(look(now)).then(wake);
      return () => undefined;
    },
  };
  return wall;
};

describe('a hook', () => {
  test('is asked for JSON, and sent JSON', async () => {
    const heard: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      heard.push(request.headers);
      response.end('{"count": 2}');
    });
    const url = `http://127.0.0.1:${await open(server)}`;
    const hooks = createHttpHooks({ effectsUrl: `${url}/{id}`, faultUrl: url });
    expect(await hooks.effects!('evt_1')).toBe(2);
    await hooks.fault!(true);
    expect(heard).toMatchObject([
      { accept: 'application/json' },
      { accept: 'application/json', 'content-type': 'application/json' },
    ]);
    await kill(server);
  });

  test('is followed to no other address', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const faultUrl = `http://127.0.0.1:${await open(server)}/fault`;
    await expect(createHttpHooks({ faultUrl }).fault!(true)).rejects.toThrow('answered 307');
    expect(asked).toEqual(['/fault']);
    await kill(server);
  });

  test('that has answered leaves no timer behind', async () => {
    const server = createServer((_, response) => response.end('{"count": 2}'));
    const { wall, armed } = recordingClock();
    const effectsUrl = `http://127.0.0.1:${await open(server)}/{id}`;
    expect(await createHttpHooks({ effectsUrl, wall }).effects!('evt_1')).toBe(2);
    expect(armed.size).toBe(0);
    await kill(server);
    await expect(createHttpHooks({ effectsUrl, wall }).effects!('evt_1')).rejects.toThrow();
    expect(armed.size).toBe(0);
  });

  test('is asked again when a kept connection was closed meanwhile; what changes something has a connection of its own', async () => {
    const ports = { GET: new Set<number>(), POST: new Set<number>() };
    const server = createServer(({ method, socket }, response) => {
      ports[method as keyof typeof ports].add(socket.remotePort!);
      response.end('{"count": 2}');
      // Without a hint to the client, as some servers do it, after the answer or after the next question.
      if (ports.GET.size % 2 === 0) socket.once('data', () => socket.destroy());
      else setTimeout(() => socket.destroy(), 5);
    });
    const url = `http://127.0.0.1:${await open(server)}`;
    const hooks = createHttpHooks({ effectsUrl: `${url}/{id}`, faultUrl: url });
    for (let round = 0; round < 20; round += 1) {
      expect(await hooks.effects!('evt_1')).toBe(2);
      await hooks.fault!(true);
    }
    expect(ports.POST.size).toBe(20);
    await kill(server);
  });

  test('that serves one connection at a time answers side by side', async () => {
    const server = createServer((_, response) => response.end('{"count": 2}'));
    const queue: Socket[] = [];
    const serve = (socket: Socket): void => {
      socket.on('close', () => {
        queue.shift();
        if (queue.length > 0) server.emit('connection', queue[0]);
      });
      queue.push(socket);
      if (queue.length === 1) server.emit('connection', socket);
    };
    const oneAtATime = createTcpServer(serve).listen(0, '127.0.0.1');
    await once(oneAtATime, 'listening');
    const { port } = oneAtATime.address() as AddressInfo;
    const hooks = createHttpHooks({ effectsUrl: `http://127.0.0.1:${port}/{id}` });
    for (let round = 0; round < 5; round += 1) {
      const counts = Array.from({ length: 6 }, (_, place) => hooks.effects!(`evt_${place}`));
      expect(await Promise.all(counts)).toEqual(Array.from({ length: 6 }, () => 2));
    }
    const closed = once(oneAtATime, 'close');
    oneAtATime.close();
    await closed;
  });

  test('that closes the connection without an answer is not asked again', async () => {
    let asked = 0;
    const server = createServer((request) => {
      asked += 1;
      request.socket.destroy();
    });
    const faultUrl = `http://127.0.0.1:${await open(server)}/fault`;
    const effectsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/{id}`;
    const hooks = createHttpHooks({ effectsUrl, faultUrl });
    await expect(hooks.effects!('evt_1')).rejects.toThrow('cannot be reached (UND_ERR_SOCKET)');
    await expect(hooks.fault!(true)).rejects.toThrow('cannot be reached (UND_ERR_SOCKET)');
    expect(asked).toBe(2);
    await kill(server);
  });

  test('that cannot be reached says why', async () => {
    const asking = (host: string) =>
      createHttpHooks({ faultUrl: `http://${host}/fault` }).fault!(true);
    await expect(asking(`127.0.0.1:${await deserted()}`)).rejects.toThrow(
      'cannot be reached (ECONNREFUSED). Check the address, and that the receiver is up.',
    );
    // Two addresses, two refusals.
    await expect(asking(`localhost:${await deserted()}`)).rejects.toThrow('(ECONNREFUSED)');
    // Browsers refuse this port.
    await expect(asking('127.0.0.1:6666')).rejects.toThrow('(ECONNREFUSED)');
  });
});

describe('connections to hooks', () => {
  const question = {
    method: 'GET',
    headers: {},
    signal: new AbortController().signal,
  } as const;
  const ROUNDS = 50;

  /** Asks one question after the other. @returns the connections that they came over */
  const askOften = async (options: KeepOptions) => {
    const sockets = new Set<Socket>();
    const server = createServer(({ socket }, response) => {
      sockets.add(socket);
      response.end('{"count": 2}');
    });
    const url = `http://127.0.0.1:${await open(server)}/`;
    const connections = createHookConnections(options);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { body } = await connections.ask(url, question);
      expect(await body.text()).toBe('{"count": 2}');
    }
    return { sockets, server };
  };

  test('are kept while answers are fast', async () => {
    const { sockets, server } = await askOften({ keptForMs: 600_000, fastMs: Infinity });
    expect(sockets.size).toBeLessThanOrEqual(16);
    await kill(server);
  });

  test('are not kept once an answer was slow', async () => {
    const { sockets, server } = await askOften({ keptForMs: 600_000, fastMs: 0 });
    // The first answers of a server do not count.
    expect(sockets.size).toBeGreaterThan(ROUNDS / 2);
    await kill(server);
  });

  test('are closed when they are idle', async () => {
    const { sockets, server } = await askOften({});
    await vi.waitFor(() => expect([...sockets].every(({ destroyed }) => destroyed)).toBe(true), {
      timeout: 60_000,
    });
    await kill(server);
  });
});

describe('the answer of a hook', () => {
  /** Writes for as long as the client reads, and counts. */
  const flood = async (head: OutgoingHttpHeaders, piece: Buffer, maxBytes = Infinity) => {
    const server = createServer((_, response) => {
      let sent = 0;
      response.on('error', () => undefined);
      response.writeHead(200, head);
      // One piece a turn: the client is in this process, and a response whose client has left takes any number.
      const go = (): void => {
        if (response.destroyed || response.socket?.destroyed !== false || sent >= maxBytes) return;
        sent += piece.length;
        if (response.write(piece)) setImmediate(go);
      };
      response.on('drain', () => setImmediate(go));
      response.on('close', () => written.push(sent));
      go();
    });
    const written: number[] = [];
    const url = `http://127.0.0.1:${await open(server)}`;
    return { written, url, server };
  };
  const GIGABYTE = 1e9;
  const TOO_LONG = 'answered 200 with more than 1 MiB. Answer with the documented JSON';

  test.for<[string, OutgoingHttpHeaders, Buffer, number]>([
    ['without end', {}, Buffer.alloc(65_536, ' '), Infinity],
    ['of 1 GB', { 'content-length': GIGABYTE }, Buffer.alloc(65_536, 'x'), GIGABYTE],
    [
      'that is a gzip bomb',
      { 'content-encoding': 'gzip' },
      gzipSync(Buffer.alloc(64 * 1024 * 1024)),
      1,
    ],
  ])('%s is read up to 1 MiB and refused', async ([, head, piece, maxBytes]) => {
    const { url, server, written } = await flood(head, piece, maxBytes);
    const caller = createHookCaller({
      hook: 'state',
      wall: systemClock,
      signal: undefined,
      timeoutMs: 60_000,
      restartedAt: () => null,
    });
    await expect(caller.get(url)).rejects.toThrow(TOO_LONG);
    await expect(caller.post(url, {}, 60_000)).rejects.toThrow(TOO_LONG);
    await vi.waitFor(() => expect(written).toHaveLength(2), { timeout: 60_000 });
    // What the sockets' buffers take comes on top.
    for (const bytes of written) expect(bytes).toBeLessThan(50_000_000);
    await kill(server);
  });

  test.for<[string, (text: string) => Buffer]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('is asked for as it is, and understood in %s', async ([coding, encode]) => {
    const asked: unknown[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers['accept-encoding']);
      response.writeHead(200, { 'content-encoding': coding }).end(encode('{"count": 3}'));
    });
    const effectsUrl = `http://127.0.0.1:${await open(server)}/{id}`;
    expect(await createHttpHooks({ effectsUrl }).effects!('evt_1')).toBe(3);
    expect(asked).toEqual(['identity']);
    await kill(server);
  });

  test.for<[string, string, RegExp]>([
    [
      'is no gzip though it says so',
      'gzip',
      /answered with a body that does not match its Content-Encoding/,
    ],
    ['is no Brotli though it says so', 'br', /does not match its Content-Encoding/],
    ['has an unknown coding', 'zz', /answered 200 with "\{\\"count/],
  ])('that %s is an error of the hook', async ([, coding, message]) => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end('{"count": "three"}');
    });
    const effectsUrl = `http://127.0.0.1:${await open(server)}/{id}`;
    await expect(createHttpHooks({ effectsUrl }).effects!('evt_1')).rejects.toThrow(message);
    await kill(server);
  });

  test('that comes one byte at a time ends at the time limit', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    });
    const url = `http://127.0.0.1:${await open(server)}/`;
    const caller = createHookCaller({
      hook: 'state',
      wall: systemClock,
      signal: undefined,
      timeoutMs: 200,
      restartedAt: () => null,
    });
    await expect(caller.get(url)).rejects.toThrow('did not answer within 0.2 s');
    await kill(server);
  });
});

describe('after a restart', () => {
  test('a hook that is not there yet is asked again until it is', async () => {
    const server = createServer((_, response) => response.end('{"count": 4}'));
    const port = await deserted();
    let looks = 0;
    const wall = hurried(async () => {
      looks += 1;
      if (looks === 3) await open(server, port);
    });
    const hooks = createHttpHooks({
      effectsUrl: `http://127.0.0.1:${port}/{id}`,
      restartCommand: 'true',
      wall,
    });
    await expect(hooks.effects!('evt_1')).rejects.toThrow('cannot be reached');
    expect(looks).toBe(0);
    await hooks.restart!();
    expect(await hooks.effects!('evt_1')).toBe(4);
    expect([looks, wall.now()]).toEqual([3, 150]);
    await kill(server);
  });

  test('it is given up after half a minute', async () => {
    const faultUrl = `http://127.0.0.1:${await deserted()}/fault`;
    const wall = hurried();
    const hooks = createHttpHooks({ faultUrl, restartCommand: 'true', wall });
    await hooks.restart!();
    await expect(hooks.fault!(true)).rejects.toThrow(
      `The fault hook, POST ${faultUrl}, cannot be reached (ECONNREFUSED).`,
    );
    expect(wall.now()).toBe(30_050);
  });

  test('what answers, but wrongly, or not in time, is not asked again', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
    });
    const faultUrl = `http://127.0.0.1:${await open(server)}/fault`;
    const caller = createHookCaller({
      hook: 'fault',
      wall: systemClock,
      signal: undefined,
      timeoutMs: 2000,
      restartedAt: () => Date.now(),
    });
    expect(await caller.post(faultUrl, {}, 5000)).toMatchObject({ method: 'POST', status: 503 });
    await expect(caller.get(faultUrl)).rejects.toThrow(
      `The fault hook, GET ${faultUrl}, did not answer within 2 s. Is it at work?`,
    );
    expect(asked).toBe(2);
    await kill(server);
  });
});

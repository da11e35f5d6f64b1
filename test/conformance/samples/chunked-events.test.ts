/**
 * Requests that no HTTP client makes: in pieces, with headers as they are, and at the same moment.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { WallClock } from '../../../src/clock/port.ts';
import { systemClock } from '../../../src/clock/system.ts';
import { postInPieces, withLength } from '../../../src/conformance/samples/chunked-events.ts';
import { createProbe, type Probe } from '../../../src/conformance/probe/probe.ts';
import { createRace } from '../../../src/conformance/probe/race.ts';
import { postRaw } from '../../../src/conformance/probe/raw-post.ts';
import type { RawConnection } from '../../../src/conformance/net/raw-socket.ts';
import { eventOfSize } from '../../../src/conformance/samples/sized-event.ts';
import { right, scripted, type Script, type Scripted } from '../scripted-receiver.ts';

/** Real time, and what was waited for; limits are longer than any pause. */
const pausing = () => {
  const waits: number[] = [];
  const wall: WallClock = {
    now: systemClock.now,
    after: (ms, wake) => {
      waits.push(ms);
      return systemClock.after(ms, wake);
    },
  };
  return { wall, pauses: () => waits.filter((ms) => ms < 1000) };
};

/** A probe that connects to another URL. */
const directly = ({ context, probe: { random, events } }: Scripted, url: string): Probe =>
  createProbe({
    ...context,
    url,
    random,
    events,
    timeoutMs: () => 5000,
    backlog: null,
    seen: () => undefined,
  });

describe('an event in pieces', () => {
  test('is a whole event to who reads it to its end', async () => {
    const { wall, pauses } = pausing();
    await using receiver = await scripted(right, {
      wall,
      headers: [['X-Gate', 'open']],
    });
    const exchange = await postInPieces(receiver.probe, {
      manner: 'in three pieces',
      framing: withLength,
      cut: (head, body) => [head, body.subarray(0, 10), body.subarray(10)],
      pauseMs: 7,
    });
    expect(receiver.heard).toHaveLength(1);
    expect(receiver.heard[0]).toMatchObject({
      method: 'POST',
      path: '/hook',
      isSigned: true,
      headers: {
        'content-type': 'application/json',
        'content-length': String(exchange.request.body.length),
        connection: 'close',
        'x-gate': 'open',
      },
    });
    expect(exchange).toMatchObject({
      request: { method: 'POST', url: receiver.url, manner: 'in three pieces' },
      reply: { kind: 'answer', status: 204 },
    });
    // Not with what says how long it is: that is how it was sent.
    expect(exchange.request.headers.map(([name]) => name)).toEqual([
      'Content-Type',
      'X-SendEmAll-Signature',
      'X-Gate',
    ]);
    expect(pauses()).toEqual([7, 7, 7]);
    expect(receiver.probe.exchanges).toEqual([exchange]);
  });

  test('goes out without pauses where none are asked for, each time another event', async () => {
    const { wall, pauses } = pausing();
    await using receiver = await scripted(right, { wall });
    const whole = {
      manner: 'whole',
      framing: withLength,
      cut: (head: Buffer, body: Buffer) => [Buffer.concat([head, body])],
      pauseMs: 0,
    };
    await postInPieces(receiver.probe, whole);
    await postInPieces(receiver.probe, whole);
    expect(pauses()).toEqual([]);
    expect(new Set(receiver.heard.map(({ id }) => id)).size).toBe(2);
  });
});

test('a receiver in the same process reads each chunk separately, however late the pause ends', async () => {
  // As when the machine was busy for all of the pause: it is over before anybody else had a turn.
  const wall: WallClock = {
    now: systemClock.now,
    after: (ms, wake) => {
      if (ms >= 1000) return systemClock.after(ms, wake);
      queueMicrotask(wake);
      return () => undefined;
    },
  };
  const chunks: string[] = [];
  const server = createHttpServer((request, response) => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    request.on('end', () => response.writeHead(204).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using receiver = await scripted(right, { wall });
  const { port } = server.address() as AddressInfo;
  const { reply, request } = await postInPieces(
    directly(receiver, `http://127.0.0.1:${port}/hook`),
    {
      manner: 'in two pieces',
      framing: withLength,
      cut: (head, body) => [head, body.subarray(0, 10), body.subarray(10)],
      pauseMs: 30,
    },
  );
  server.close();
  const body = Buffer.from(request.body).toString();
  expect(reply).toMatchObject({ kind: 'answer', status: 204 });
  expect(chunks).toEqual([body.slice(0, 10), body.slice(10)]);
});

/** What comes in, byte for byte; each connection is answered 204. */
const listening = async () => {
  const texts: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    let text = '';
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => {});
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (!text.includes('\r\n\r\n') || body.length < length) return;
      texts.push(text);
      socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    texts,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    open,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
};

test('headers go out in the spelling and order that is given, one byte a character', async () => {
  await using server = await listening();
  await using receiver = await scripted(right, { wall: systemClock });
  const direct = directly(receiver, server.url);
  const headers = [
    ['x-SENDEMALL-signature', 'é'],
    ['X-Two', '1'],
    ['X-Two', '2'],
  ] as const;
  const exchange = await postRaw(direct, '{"a":"ü"}', headers, 'with two of X-Two');
  const { host } = new URL(server.url);
  expect(server.texts).toEqual([
    `POST /hook HTTP/1.1\r\nHost: ${host}\r\nx-SENDEMALL-signature: é\r\nX-Two: 1\r\nX-Two: 2\r\nConnection: close\r\nContent-Length: 10\r\n\r\n${Buffer.from('{"a":"ü"}').toString('latin1')}`,
  ]);
  expect(exchange).toMatchObject({
    request: { method: 'POST', headers, manner: 'with two of X-Two' },
    reply: { kind: 'answer', status: 204 },
  });
});

describe('a race', () => {
  test('is twenty whole requests with the same bytes', async () => {
    await using receiver = await scripted(right, { wall: systemClock });
    const body = receiver.probe.write(receiver.probe.event());
    using race = createRace(receiver.probe);
    const exchanges = await race.run(body);
    expect(exchanges).toHaveLength(20);
    expect(receiver.heard.map((heard) => heard.body)).toEqual(Array(20).fill(body));
    expect(receiver.heard.every(({ isSigned }) => isSigned)).toBe(true);
    for (const { request, reply } of exchanges) {
      expect(reply).toMatchObject({ kind: 'answer', status: 204 });
      expect(request.manner).toBe('over 20 connections, the last bytes at the same time');
      expect(Object.fromEntries(request.headers)).toMatchObject({
        'Content-Length': String(Buffer.byteLength(body)),
      });
    }
    expect(receiver.probe.exchanges).toHaveLength(20);
  });

  /** A probe that notes what is done with its connections. */
  const watch = (probe: Probe) => {
    const log: string[] = [];
    const connect: Probe['connect'] = async () => {
      log.push('connect');
      const connection = await probe.connect();
      return {
        ...connection,
        write: (bytes) => {
          log.push(bytes.length === 1 ? 'the last' : 'the rest');
          return connection.write(bytes);
        },
        close: () => {
          log.push('close');
          connection.close();
        },
      };
    };
    return { probe: { ...probe, connect }, log };
  };
  const times = (what: string): string[] => Array<string>(20).fill(what);

  test('keeps the last byte of each back until all have the rest, and closes them at its end', async () => {
    await using receiver = await scripted(right, { wall: systemClock });
    const { probe, log } = watch(receiver.probe);
    {
      using race = createRace(probe);
      await race.run(probe.write(probe.event()));
      await race.run(probe.write(probe.event()));
    }
    const round = [...times('the rest'), ...times('the last')];
    expect(log).toEqual([...times('connect'), ...round, ...round, ...times('close')]);
  });

  test('opens those again that the receiver closes', async () => {
    const closing: Script = () => ({ status: 204, headers: { connection: 'close' } });
    await using receiver = await scripted(closing, { wall: systemClock });
    const { probe, log } = watch(receiver.probe);
    using race = createRace(probe);
    for (let round = 0; round < 2; round += 1) {
      expect(await race.run(probe.write(probe.event()))).toHaveLength(20);
    }
    expect(log.filter((what) => what === 'connect')).toHaveLength(40);
  });

  test('keeps none with a receiver that leaves the others waiting meanwhile', async () => {
    const open = new Set<Socket>();
    let busy: Socket | null = null;
    // One connection at a time, until its client closes it.
    const serve = (): void => {
      if (busy !== null) return;
      busy = [...open].find((socket) => !socket.destroyed) ?? null;
      busy?.resume();
      busy?.on('data', (bytes) => {
        if (bytes.at(-1) === 0x7d) busy?.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
    };
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        if (busy === socket) busy = null;
        serve();
      });
      serve();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using receiver = await scripted(right, { wall: systemClock });
    using race = createRace(directly(receiver, `http://127.0.0.1:${port}/`));
    for (let round = 0; round < 2; round += 1) {
      const exchanges = await race.run('{}');
      expect(exchanges.map(({ reply }) => reply.kind)).toEqual(times('answer'));
    }
    server.close();
  });

  test('goes on without connections that do not come about in time', async () => {
    await using receiver = await scripted(right, { wall: systemClock });
    const { probe } = receiver;
    let dials = 0;
    let late: (connection: RawConnection) => void = () => undefined;
    let closed = 0;
    const slow: Probe = {
      ...probe,
      connect: () => {
        dials += 1;
        if (dials !== 2) return probe.connect();
        return new Promise((resolve) => {
          late = resolve;
        });
      },
    };
    using race = createRace(slow);
    const exchanges = await race.run(probe.write(probe.event()));
    expect(exchanges.map(({ request }) => request.manner)).toEqual(
      Array(19).fill('over 19 connections, the last bytes at the same time'),
    );
    const connection = await probe.connect();
    const gone = new Promise<void>((resolve) => {
      late({
        ...connection,
        close: () => {
          closed += 1;
          connection.close();
          resolve();
        },
      });
    });
    await gone;
    expect(closed).toBe(1);
  });
});

describe('an event of a size', () => {
  test.for([1000, 5000, 5001, 65_536])('has exactly %i bytes', async (bytes) => {
    await using receiver = await scripted(right, { wall: systemClock });
    const event = eventOfSize(receiver.probe, bytes);
    expect(Buffer.byteLength(receiver.probe.write(event))).toBe(bytes);
    expect(event.event).toBe('email.replied');
    expect(event.data['lead_email']).toMatch(/@/);
    expect(event.data['reply_preview']).toMatch(/^Thanks for reaching out, we will/);
  });
});

/**
 * A receiver whose responses are late on a kept connection gets a connection for each request.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock/system.ts';
import { createHttpClient } from '../../../src/conformance/net/http-client.ts';

const REQUESTS = 12;
const AT_ONCE = 8;
/** Far more than a busy machine adds to a response. */
const LATE_MS = 400;
/** Of eight that are served one at a time, six wait for longer than an acknowledgement is delayed. */
const SERVED_MS = 20;

interface Counted {
  readonly send: () => Promise<void>;
  readonly connections: () => number;
}

/** A client of a receiver whose connections are counted. */
const counting = async (
  answer: RequestListener,
  work: (counted: Counted) => Promise<void>,
): Promise<void> => {
  let connections = 0;
  const server = createServer(answer);
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createHttpClient({
    wall: systemClock,
    insecure: false,
    connections: AT_ONCE,
    signal: undefined,
  });
  const url = `http://127.0.0.1:${port}/`;
  const request = { method: 'POST', url, headers: [], body: new Uint8Array(), manner: null };
  try {
    await work({
      send: async () => {
        expect((await client.send(request, 5000)).kind).toBe('answer');
      },
      connections: () => connections,
    });
  } finally {
    await client.close();
    server.close();
  }
};

/** @param delayMs of each response but the first of a connection */
const delaying = (delayMs: number): RequestListener => {
  const served = new WeakSet<object>();
  return (request, response) => {
    const isFirst = !served.has(request.socket);
    served.add(request.socket);
    setTimeout(() => response.end(), isFirst ? 0 : delayMs);
  };
};

/** Connections that a dozen requests take, one after another. */
const connectionsOf = async (delayMs: number): Promise<number> => {
  let seen = 0;
  await counting(delaying(delayMs), async ({ send, connections }) => {
    for (let count = 0; count < REQUESTS; count += 1) await send();
    seen = connections();
  });
  return seen;
};

test('responses that wait for an acknowledgement on a kept connection: fresh connections', async () => {
  // One connection until four responses in a row were late, and then one for each request.
  expect(await connectionsOf(LATE_MS)).toBe(1 + REQUESTS - 5);
});

test('responses that are not late: one connection', async () => {
  expect(await connectionsOf(0)).toBe(1);
});

test('responses that wait for those of concurrent requests: connections are kept', async () => {
  let last = Promise.resolve();
  const oneAtATime: RequestListener = (_request, response) => {
    last = last.then(() => sleep(SERVED_MS)).then(() => void response.end());
  };
  await counting(oneAtATime, async ({ send, connections }) => {
    for (let round = 0; round < 4; round += 1)
      await Promise.all(Array.from({ length: AT_ONCE }, send));
    expect(connections()).toBe(AT_ONCE);
  });
});

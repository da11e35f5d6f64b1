/**
 * A receiver whose responses are late on a kept connection gets a connection for each request.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock/system.ts';
import { createHttpClient } from '../../../src/conformance/net/http-client.ts';

const REQUESTS = 12;
/** Far more than a busy machine adds to a response. */
const LATE_MS = 400;

/** Connections that a dozen requests take. @param delayMs of each response but the first of a connection */
const connectionsOf = async (delayMs: number): Promise<number> => {
  const served = new WeakSet<object>();
  let connections = 0;
  const server = createServer((request, response) => {
    const isFirst = !served.has(request.socket);
    served.add(request.socket);
    setTimeout(() => response.end(), isFirst ? 0 : delayMs);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createHttpClient({
    wall: systemClock,
    insecure: false,
    connections: 8,
    signal: undefined,
  });
  const url = `http://127.0.0.1:${port}/`;
  try {
    for (let count = 0; count < REQUESTS; count += 1) {
      const request = { method: 'POST', url, headers: [], body: new Uint8Array(), manner: null };
      expect((await client.send(request, 5000)).kind).toBe('answer');
    }
  } finally {
    await client.close();
    server.close();
  }
  return connections;
};

test('responses that wait for an acknowledgement on a kept connection: fresh connections', async () => {
  // One connection until four responses in a row were late, and then one for each request.
  expect(await connectionsOf(LATE_MS)).toBe(1 + REQUESTS - 5);
});

test('responses that are not late: one connection', async () => {
  expect(await connectionsOf(0)).toBe(1);
});

/**
 * A call that is given up ends at once, in every phase, even after the garbage collector has run in between: Node's
 * `fetch` refers to a request's abort controller weakly.
 *
 * @module
 */
import type { ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createClient, type Client } from '../../src/client/create-client.ts';
import { startReceiver } from '../support/receiver.ts';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

const begin = (response: ServerResponse, type: string): void => {
  response.writeHead(200, { 'content-type': type }).write(': {');
};

type Start = (client: Client, signal: AbortSignal) => Promise<unknown>;

const readStream: Start = async (client, signal) => {
  for await (const one of await client.stream({ signal })) return one;
  return null;
};

test.each<[string, (response: ServerResponse) => void, Start]>([
  ['before the answer', () => {}, (client, signal) => client.clock.get({ signal })],
  [
    'of a long poll',
    () => {},
    (client, signal) => client.deliveries.wait('dlv_1', { timeoutMs: Infinity, signal }),
  ],
  [
    'in the middle of the body',
    (response) => begin(response, 'application/json'),
    (client, signal) => client.clock.get({ signal }),
  ],
  [
    'of a list',
    (response) => begin(response, 'application/json'),
    (client, signal) => client.deliveries.list({ signal }).page(),
  ],
  ['of a stream', (response) => begin(response, 'text/event-stream'), readStream],
])('giving up a call %s rejects with the reason', async (_phase, respond, start) => {
  await using hanging = await startReceiver((_request, response) => respond(response));
  const client = createClient({ baseUrl: new URL(hanging.url).origin, apiKey: 'any' });
  const controller = new AbortController();
  const outcome = start(client, controller.signal).then(
    () => 'answered',
    (reason: unknown) => reason,
  );
  await hanging.arrived(1);
  for (let round = 0; round < 10; round += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    collectGarbage();
  }
  const reason = new Error('given up');
  controller.abort(reason);
  expect(await outcome).toBe(reason);
});

/**
 * Memory of idle accounts and of pending deliveries. Runs in its own process. `accounts` measures accounts with a webhook
 * each, in memory, and `rested` accounts that have delivered an event; `pending FILE DELIVERIES` opens a file with an account whose deliveries are all pending. Sends bytes.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMock } from '../../src/create-mock.ts';
import { sample } from './sample.ts';
import { SCALE_KEY } from './scale-seed.ts';
import { startReceiver } from './support.ts';

const ACCOUNTS = 5000;
const RESTED = 2000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use, without those that SQLite's cache of pages holds, which is limited. */
const used = async (): Promise<number> => {
  // What a turn of the event loop holds is released with it.
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

type Mock = Awaited<ReturnType<typeof createMock>>;

/** @returns `data` of the response */
const request = async <T = unknown>(
  { app, url }: Mock,
  key: string,
  path: string,
  body?: object,
): Promise<T> => {
  const response = await app.fetch(
    new Request(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'x-user-context': key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { readonly data: T }).data;
};

const register = async (
  mock: Mock,
  key: string,
  url = 'http://127.0.0.1:9/webhooks/sendemall',
): Promise<void> => {
  await request(mock, key, '/v1/webhooks', {
    url,
    events: ['*'],
    secret: 'whsec_your-signing-secret',
  });
};

interface Triggered {
  readonly deliveries: readonly { readonly id: string }[];
}

const accounts = async (): Promise<number> => {
  await using mock = await createMock({ port: null, rateLimit: false });
  // Loads and compiles.
  for (let made = 0; made < 100; made += 1) await register(mock, `first-${made}`);
  const before = await used();
  for (let made = 0; made < ACCOUNTS; made += 1) await register(mock, `idle-${made}`);
  return ((await used()) - before) / ACCOUNTS;
};

/** Accounts that have delivered one complete event each, which stays in the store. */
const rested = async (): Promise<number> => {
  await using receiver = await startReceiver();
  await using mock = await createMock({ port: null, rateLimit: false });
  const deliver = async (key: string): Promise<void> => {
    await register(mock, key, receiver.url);
    const { deliveries } = await request<Triggered>(mock, key, '/_sandbox/events', sample);
    const path = `/_sandbox/deliveries/${deliveries[0]?.id}/wait?until=delivered`;
    const { reached } = await request<{ readonly reached: boolean }>(mock, key, path);
    if (!reached) throw new Error(`${key}: its event was not delivered`);
  };
  for (let made = 0; made < 200; made += 1) await deliver(`first-${made}`);
  const before = await used();
  for (let made = 0; made < RESTED; made += 1) await deliver(`rested-${made}`);
  return ((await used()) - before) / RESTED;
};

const pending = async (file: string, deliveries: number): Promise<number> => {
  await using mock = await createMock({ port: null, rateLimit: false, db: file });
  await request(mock, 'other', '/_sandbox/clock');
  const before = await used();
  await request(mock, SCALE_KEY, '/_sandbox/clock');
  await request(mock, SCALE_KEY, '/_sandbox/deliveries?status=pending');
  return ((await used()) - before) / deliveries;
};

const [what, file = '', deliveries = ''] = process.argv.slice(2);
const measurements: Readonly<Record<string, () => Promise<number>>> = {
  accounts,
  rested,
  pending: () => pending(file, Number(deliveries)),
};
const bytes = await measurements[what ?? '']?.();
if (process.send === undefined) console.log(bytes);
else process.send({ bytes });

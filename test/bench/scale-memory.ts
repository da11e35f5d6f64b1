/**
 * Memory of idle accounts and of pending deliveries. Runs in its own process. `accounts` measures accounts with a webhook
 * each, in memory; `pending FILE DELIVERIES` opens a file with an account whose deliveries are all pending. Sends bytes.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMock } from '../../src/create-mock.ts';
import { SCALE_KEY } from './scale-seed.ts';

const ACCOUNTS = 5000;

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

const request = async (
  { app, url }: Mock,
  key: string,
  path: string,
  body?: object,
): Promise<void> => {
  const response = await app.fetch(
    new Request(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'x-user-context': key, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
};

const register = (mock: Mock, key: string): Promise<void> =>
  request(mock, key, '/v1/webhooks', {
    url: 'http://127.0.0.1:9/webhooks/sendemall',
    events: ['*'],
    secret: 'whsec_your-signing-secret',
  });

const accounts = async (): Promise<number> => {
  await using mock = await createMock({ port: null, rateLimit: false });
  // Loads and compiles.
  for (let made = 0; made < 100; made += 1) await register(mock, `first-${made}`);
  const before = await used();
  for (let made = 0; made < ACCOUNTS; made += 1) await register(mock, `idle-${made}`);
  return ((await used()) - before) / ACCOUNTS;
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
const bytes = await (what === 'accounts' ? accounts() : pending(file, Number(deliveries)));
if (process.send === undefined) console.log(bytes);
else process.send({ bytes });

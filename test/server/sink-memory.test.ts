/**
 * How much memory sinks take: per sink, per account, and in all, measured on the heap.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';

const MIB = 2 ** 20;
const TIMEOUT_MS = 120_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapMib = (): number => {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
};

/** In this process: the socket is not what is measured, and thousands of requests are quick. */
const send = async (
  mock: Mock,
  account: string,
  path: string,
  init: RequestInit = {},
): Promise<any> => {
  const headers = new Headers(init.headers);
  headers.set('x-user-context', account);
  const request = new Request(`http://localhost/_sandbox/sinks${path}`, { ...init, headers });
  return JSON.parse(await (await mock.app.fetch(request)).text());
};

const fill = async (
  mock: Mock,
  account: string,
  sinks: number,
  each: number,
  init: RequestInit,
): Promise<void> => {
  for (let sent = 0; sent < each; sent += 1)
    for (let sink = 0; sink < sinks; sink += 1)
      await send(mock, account, `/s${sink}`, { method: 'POST', ...init });
};

const manyHeaders = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`h${at}`, 'v']));
const BODIES: readonly [string, RequestInit, number][] = [
  ['JSON that takes 20 times its size as objects', { body: `[${'[],'.repeat(21_844)}[]]` }, 160],
  ['plain text', { body: 'x'.repeat(65_536) }, 160],
  ['text beyond Latin-1', { body: '€'.repeat(21_845) }, 240],
  ['nothing but headers', { headers: manyHeaders }, 2100],
];

describe('a sink holds 8 MiB of heap at most', () => {
  test.each(BODIES)(
    'of %s',
    async (_what, init, each) => {
      await using mock = await createMock({ port: null });
      await fill(mock, 'k', 1, 20, { body: '{}' });
      await send(mock, 'k', '/s0/requests', { method: 'DELETE' });
      const before = heapMib();
      await fill(mock, 'k', 1, each, init);
      // The limit, and something for what else has happened meanwhile.
      expect(heapMib() - before).toBeLessThan(8 + 2);
      expect((await send(mock, 'k', '')).data[0].requests).toBeGreaterThan(50);
    },
    TIMEOUT_MS,
  );
});

test(
  'an account holds 32 MiB at most, whatever the number of its sinks, and the oldest requests go',
  async () => {
    await using mock = await createMock({ port: null });
    await fill(mock, 'k', 10, 2, { body: '{}' });
    await send(mock, 'k', '/first', { method: 'POST', body: 'the oldest' });
    for (let sink = 0; sink < 10; sink += 1)
      await send(mock, 'k', `/s${sink}/requests`, { method: 'DELETE' });
    const before = heapMib();
    await fill(mock, 'k', 10, 60, { body: 'x'.repeat(65_536) });
    expect(heapMib() - before).toBeLessThan(32 + 4);
    const held = (await send(mock, 'k', '')).data as { name: string; requests: number }[];
    expect(held.find(({ name }) => name === 'first')?.requests).toBe(0);
    expect(held.reduce((sum, { requests }) => sum + requests, 0)).toBeGreaterThan(450);
  },
  TIMEOUT_MS,
);

test(
  'all accounts hold 256 MiB at most, and a flood costs those who send it',
  async () => {
    await using mock = await createMock({ port: null });
    await send(mock, 'quiet', '/crm', { method: 'POST', body: '{"id": "evt_1"}' });
    const before = heapMib();
    for (let account = 0; account < 9; account += 1)
      await fill(mock, `flood-${account}`, 5, 110, { body: 'x'.repeat(65_536) });
    expect(heapMib() - before).toBeLessThan(256 + 16);
    expect((await send(mock, 'quiet', '')).data).toEqual([{ name: 'crm', requests: 1 }]);
  },
  TIMEOUT_MS,
);

test('answers that would take more than an account may set are refused, and nothing changes', async () => {
  await using mock = await createMock({ port: null });
  const set = (name: string, size: number) =>
    send(mock, 'k', `/${name}/settings`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ body: 'x'.repeat(size) }),
    });
  for (let sink = 0; sink < 8; sink += 1)
    expect((await set(`s${sink}`, 1_000_000)).success).toBe(true);
  const refused = await set('another', 1_000_000);
  expect(refused.error).toMatchObject({ code: 'BUSY', status: 503 });
  expect(refused.error.message).toMatch(/Set shorter bodies/);
  expect((await send(mock, 'k', '')).data).toHaveLength(8);
  expect((await set('s0', 10)).success).toBe(true);
  expect((await set('another', 900_000)).success).toBe(true);
});

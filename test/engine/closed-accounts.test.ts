/**
 * An account that is closed here, as when another node takes it over: nothing of it runs or writes any more, and it can be
 * opened again.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type StartedSandbox } from '../../src/create-mock.ts';
import type { AccountEngine } from '../../src/engine/engine.ts';
import { apiOf, SECRET } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';

const KEY = 'your-api-key';
const CUT = { write: false } as const;

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-closed-'));
});
afterAll(() => rm(folder, { recursive: true }));

const close = (mock: StartedSandbox, how: Parameters<StartedSandbox['engine']['close']>[1]) =>
  mock.engine.close(mock.engine.identify(KEY), how);

const register = (account: AccountEngine, url: string) =>
  account.register({ url, events: ['*'], secret: SECRET });

const EVENT = { event: 'email.sent', data: {} } as const;

const PLACES = [
  { place: 'memory', db: (): string | null => null },
  { place: 'a file', db: (): string | null => join(folder, `${(files += 1)}.db`) },
];

describe.each(PLACES)('with state in $place', ({ db }) => {
  const start = (clock = 'realtime') =>
    startSandbox({ db: db(), clock, seed: 1, rateLimit: false });

  test('an attempt in flight is cut, its result is not recorded, and it is repeated after reopening', async () => {
    const held: (() => void)[] = [];
    await using receiver = await startReceiver((_received, response, count) => {
      if (count === 1) held.push(() => response.end());
      else response.end();
    });
    await using mock = await start();
    const account = await mock.engine.open(KEY);
    await register(account, receiver.url);
    const { deliveries } = await account.publish([EVENT]);
    await receiver.arrived(1);

    await close(mock, CUT);
    held[0]!();
    expect(mock.engine.figures()).toMatchObject({ accounts: 0, inFlight: 0 });

    const again = await mock.engine.open(KEY);
    expect(again).not.toBe(account);
    const { delivery } = await again.waitFor(deliveries[0]!.id, 'settled', 10_000);
    expect(delivery).toMatchObject({ status: 'delivered', attemptsMade: 1 });
    expect(receiver.received).toHaveLength(2);
  });

  test('every method of a closed account rejects with ACCOUNT_MOVED and changes nothing', async () => {
    await using mock = await start('frozen');
    const account = await mock.engine.open(KEY);
    const webhook = await register(account, 'http://127.0.0.1:9/');
    const before = await account.clock();
    await close(mock, CUT);
    const refused = { code: 'ACCOUNT_MOVED', status: 503 };
    const calls = [
      register(account, 'http://127.0.0.1:9/'),
      account.updateWebhook(webhook.id, { status: 'paused' }),
      account.removeWebhook(webhook.id),
      account.publish([EVENT]),
      account.setClock({ mode: 'skip' }),
      account.advance({ by: 1000 }),
      account.reset(),
      account.snapshot(async () => undefined),
      account.counts(),
    ];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ status: 'rejected', reason: refused });
    const again = await mock.engine.open(KEY);
    expect(await again.webhooks()).toEqual([webhook]);
    expect(await again.clock()).toEqual(before);
  });

  test('a wait, an advance and a stream end at once', async () => {
    await using receiver = await startReceiver(() => undefined);
    await using mock = await start('frozen');
    const api = apiOf(mock.url);
    await api.register(receiver.url);
    const id = await api.trigger();
    await receiver.arrived(1);
    const stream = await fetch(`${mock.url}/_sandbox/stream`, {
      headers: { 'x-user-context': KEY },
    });
    const read = stream.text();
    const wait = api.get(`/_sandbox/deliveries/${id}/wait?until=settled&timeout_ms=30000`);
    const requests = api.get('/_sandbox/sinks/crm/requests?wait_for=1&timeout_ms=30000');
    const advance = api.send('POST', '/_sandbox/clock/advance', { by: '1h' });
    await expect.poll(async () => (await api.get('/_sandbox/clock')).status).toBe(200);
    const startedAt = performance.now();
    await close(mock, CUT);
    for (const { status, error, headers } of [await wait, await requests, await advance]) {
      expect({ status, code: error?.code }).toEqual({ status: 503, code: 'ACCOUNT_MOVED' });
      expect(headers.get('retry-after')).toBe('1');
    }
    expect(await read).toContain(': connected');
    // Far less than the 30 s of the waits and the 10 s of the attempt.
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect((await api.get('/_sandbox/clock')).data.now).toBeDefined();
    await mock.close(0);
  });

  test('a retry that is scheduled is not made by the closed account', async () => {
    await using receiver = await startReceiver(answer(500));
    await using mock = await start('3600x');
    const account = await mock.engine.open(KEY);
    await register(account, receiver.url);
    const { deliveries } = await account.publish([EVENT]);
    await receiver.arrived(1);
    await close(mock, CUT);
    // The last retry would be due 0.6 s from now.
    await new Promise((resolve) => {
      setTimeout(resolve, 1000);
    });
    expect(receiver.received.length).toBeLessThan(4);
    const before = receiver.received.length;
    const again = await mock.engine.open(KEY);
    const { delivery } = await again.waitFor(deliveries[0]!.id, 'settled', 10_000);
    expect(delivery).toMatchObject({ status: 'dead', attemptsMade: 4 });
    expect(receiver.received.length).toBeGreaterThan(before);
  });

  test('a graceful close waits for attempts in flight, and records them', async () => {
    await using receiver = await startReceiver((_received, response) => {
      setTimeout(() => response.end(), 300); // a slow receiver
    });
    await using mock = await start();
    const account = await mock.engine.open(KEY);
    await register(account, receiver.url);
    const { deliveries } = await account.publish([EVENT]);
    await receiver.arrived(1);
    await close(mock, { write: true, graceMs: 10_000 });
    const again = await mock.engine.open(KEY);
    const { delivery } = await again.waitFor(deliveries[0]!.id, 'settled', 10_000);
    expect(delivery).toMatchObject({ status: 'delivered', attemptsMade: 1 });
    expect(receiver.received).toHaveLength(1);
  });

  test('a graceful close ends a running advance, which keeps the time that it got to', async () => {
    await using receiver = await startReceiver();
    await using mock = await start('frozen');
    const account = await mock.engine.open(KEY);
    await register(account, receiver.url);
    const from = account.now();
    const advanced = account.advance({ by: 3_600_000 });
    await close(mock, { write: true, graceMs: 10_000 });
    const { to } = await advanced;
    const again = await mock.engine.open(KEY);
    expect(to).toBeGreaterThanOrEqual(from);
    expect(again.now()).toBe(to);
  });

  test('other accounts are not affected, and listeners get the account again when it is reopened', async () => {
    await using receiver = await startReceiver();
    await using mock = await start();
    const seen: (string | null)[] = [];
    mock.engine.onAccount((account, apiKey) =>
      seen.push(
        account.account.keyHash === mock.engine.identify(KEY) ? (apiKey ?? 'opened') : null,
      ),
    );
    await mock.engine.open(KEY);
    const other = await mock.engine.open('other');
    await register(other, receiver.url);
    await close(mock, CUT);
    const { deliveries } = await other.publish([EVENT]);
    expect((await other.waitFor(deliveries[0]!.id, 'settled', 10_000)).reached).toBe(true);
    await Promise.all([mock.engine.open(KEY), mock.engine.open(KEY)]);
    expect(seen.filter((one) => one !== null)).toEqual(['opened', KEY, 'opened', KEY]);
  });

  test('closing and opening at the same time, repeatedly, loses nothing', async () => {
    await using receiver = await startReceiver();
    await using mock = await start();
    await register(await mock.engine.open(KEY), receiver.url);
    const accepted: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const account = await mock.engine.open(KEY);
      const published = account.publish([EVENT, EVENT]);
      const closed = close(mock, round % 2 === 0 ? CUT : { write: true, graceMs: 50 });
      const outcome = await published.catch(() => null);
      for (const { id } of outcome?.deliveries ?? []) accepted.push(id);
      if (round % 3 === 0) await closed;
    }
    const account = await mock.engine.open(KEY);
    for (const id of accepted)
      expect((await account.waitFor(id, 'settled', 10_000)).delivery.status).toBe('delivered');
    expect(accepted.length).toBeGreaterThan(0);
  });
});

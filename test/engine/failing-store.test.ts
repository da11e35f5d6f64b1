/**
 * A store that fails temporarily, or for one record only: nothing is lost, and other accounts are not delayed.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock/system.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { OPTION_REMEDIES } from '../../src/mock-options.ts';
import type { AccountEngine, Engine } from '../../src/engine/engine.ts';
import { createTransport } from '../../src/engine/delivery/transport.ts';
import { openMemoryStore } from '../../src/storage/memory/memory-store.ts';
import type { DumpRow, Store } from '../../src/storage/store.ts';
import { SECRET } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';

const engineOn = (store: Store): Engine =>
  createEngine({
    store,
    wall: systemClock,
    transport: createTransport({ wall: systemClock, timeoutMs: 10_000, allowPublicTargets: false }),
    attemptTimeoutMs: 10_000,
    concurrency: 16,
    apiKeys: null,
    chaos: [],
    remedies: OPTION_REMEDIES,
    openEventSource: async () => ({
      nextAt: () => null,
      runDue: async () => undefined,
      onChange: () => undefined,
      check: async () => undefined,
      pause: (work) => work(),
      replace: (work) => work(),
    }),
    initial: () => {
      const now = systemClock.now();
      return { seed: 1, clock: { mode: 'realtime', rate: 1, anchorVirtual: now, anchorWall: now } };
    },
  });

const event = { event: 'email.sent', data: {} } as const;

const publish = async (account: AccountEngine, count = 1): Promise<readonly string[]> => {
  const { deliveries } = await account.publish(Array.from({ length: count }, () => event));
  return deliveries.map(({ id }) => id);
};

/** @returns the statuses that they end with */
const settle = async (account: AccountEngine, ids: readonly string[]): Promise<unknown> => {
  const statuses = new Set<string>();
  for (const id of ids)
    statuses.add((await account.waitFor(id, 'settled', 12_000)).delivery.status);
  return [...statuses].join();
};

test('attempts that could not be written are written once the store answers again', async () => {
  await using receiver = await startReceiver();
  const store = openMemoryStore();
  let failures = 2;
  const engine = engineOn({
    ...store,
    recordAttempts: async (records) => {
      if ((failures -= 1) >= 0) throw new Error('no space left on device');
      return store.recordAttempts(records);
    },
  });
  const account = await engine.open('key');
  await account.register({ url: receiver.url, events: ['*'], secret: 'whsec_x' });
  expect(await settle(account, await publish(account, 20))).toBe('delivered');
  expect((await account.counts()).deliveries).toMatchObject({ delivered: 20, in_flight: 0 });
  expect(receiver.received).toHaveLength(20);
  await engine.stop(0);
});

test('a retry is made although the store failed to name its due time', async () => {
  await using receiver = await startReceiver((_received, response, count) => {
    response.writeHead(count === 1 ? 500 : 200).end();
  });
  const store = openMemoryStore();
  let failures = 0;
  const engine = engineOn({
    ...store,
    nextDueAt: async (account) => {
      if ((failures -= 1) >= 0) throw new Error('no space left on device');
      return store.nextDueAt(account);
    },
  });
  const account = await engine.open('key');
  await account.setClock({ mode: 'frozen' });
  await account.register({ url: receiver.url, events: ['*'], secret: SECRET });
  const [first] = await publish(account);
  await account.advance({ by: 0 });
  failures = 1;
  // Due now, and claimed in the round in which the store fails.
  const again = await account.redeliver(first!, { body: null, signature: 'valid' });
  await account.waitFor(again.id, 'settled', 12_000);
  await account.advance({ until: 'settled' });
  expect((await account.counts()).deliveries).toMatchObject({ pending: 0, delivered: 2 });
  await engine.stop(0);
});

test('a record that can never be written delays no other account', async () => {
  await using receiver = await startReceiver();
  const store = openMemoryStore();
  let poisoned = 0;
  const engine = engineOn({
    ...store,
    recordAttempts: async (records) => {
      if (records.some(({ delivery }) => delivery === poisoned)) throw new Error('out of range');
      return store.recordAttempts(records);
    },
  });
  const [bad, good] = [await engine.open('bad'), await engine.open('good')];
  for (const account of [bad, good])
    await account.register({ url: receiver.url, events: ['*'], secret: 'whsec_x' });
  const { deliveries } = await bad.publish([event]);
  poisoned = deliveries[0]!.seq;
  await receiver.arrived(1);
  for (let round = 0; round < 3; round += 1)
    expect(await settle(good, await publish(good, 20))).toBe('delivered');
  expect((await bad.counts()).deliveries).toMatchObject({ in_flight: 1 });
  await bad.reset();
  expect(await settle(good, await publish(good))).toBe('delivered');
  await engine.stop(0);
});

test('a reset that fails in the store changes nothing, and deliveries continue', async () => {
  await using receiver = await startReceiver();
  const store = openMemoryStore();
  const engine = engineOn({
    ...store,
    resetAccount: () => Promise.reject(new Error('no space left on device')),
  });
  const account = await engine.open('key');
  await account.register({ url: receiver.url, events: ['*'], secret: 'whsec_x' });
  const id = await publish(account, 100);
  await expect(account.reset()).rejects.toThrow('no space');
  expect(await settle(account, id)).toBe('delivered');
  expect((await account.counts()).deliveries).toMatchObject({ delivered: 100 });
  expect(receiver.received).toHaveLength(100);
  await engine.stop(0);
});

test('a clock that the store cannot save is unchanged', async () => {
  const store = openMemoryStore();
  const noSpace = () => Promise.reject(new Error('no space left on device'));
  let saveClock = store.saveClock;
  const engine = engineOn({ ...store, saveClock: (...args) => saveClock(...args) });
  const account = await engine.open('key');
  const frozen = await account.setClock({ mode: 'frozen' });
  saveClock = noSpace;
  await expect(account.setClock({ mode: 'skip' })).rejects.toThrow('no space');
  await expect(account.advance({ by: 60_000 })).rejects.toThrow('no space');
  expect(await account.clock()).toEqual(frozen);
  saveClock = store.saveClock;
  expect(await account.advance({ by: 60_000 })).toMatchObject({ to: frozen.now + 60_000 });
  await engine.stop(0);
});

test('a restore is complete once its rows are stored, whatever can be stored afterwards', async () => {
  await using receiver = await startReceiver();
  const store = openMemoryStore();
  let hasSpace = true;
  const engine = engineOn({
    ...store,
    saveClock: (...args) =>
      hasSpace ? store.saveClock(...args) : Promise.reject(new Error('no space left on device')),
  });
  const account = await engine.open('key');
  await account.setClock({ mode: 'frozen' });
  const kept = await account.register({ url: receiver.url, events: ['*'], secret: SECRET });
  const dump = await account.snapshot(async ({ slices, ...saved }) => {
    const tables: Record<string, readonly DumpRow[]> = {};
    for await (const { table, rows } of slices) tables[table] = [...(tables[table] ?? []), ...rows];
    return { ...saved, tables };
  });
  await account.register({ url: `${receiver.url}/later`, events: ['*'], secret: SECRET });
  await account.setClock({ mode: 'skip' });
  hasSpace = false;
  await account.restore(dump);
  expect((await account.webhooks()).map(({ id }) => id)).toEqual([kept.id]);
  expect(await account.clock()).toMatchObject({ mode: 'frozen' });
  expect(await settle(account, await publish(account))).toBe('delivered');
  await engine.stop(0);
});

test('a deletion that the store cannot do leaves the webhook at work', async () => {
  await using receiver = await startReceiver();
  const store = openMemoryStore();
  const engine = engineOn({
    ...store,
    deleteWebhook: () => Promise.reject(new Error('no space left on device')),
  });
  const account = await engine.open('key');
  const { id } = await account.register({ url: receiver.url, events: ['*'], secret: 'whsec_x' });
  const last = await publish(account, 100);
  await expect(account.removeWebhook(id)).rejects.toThrow('no space');
  expect(await settle(account, last)).toBe('delivered');
  expect(await settle(account, await publish(account))).toBe('delivered');
  await engine.stop(0);
});

test('an account that cannot be opened at the start is opened once it can be, without a request', async () => {
  await using receiver = await startReceiver();
  const store = openMemoryStore();
  const before = engineOn(store);
  const account = await before.open('key');
  await account.register({ url: receiver.url, events: ['*'], secret: 'whsec_x' });
  await account.setClock({ mode: 'frozen' });
  await before.stop(0);
  // Published while nothing is sent, as before a crash.
  await publish(account);
  await store.recover();

  let isFailing = true;
  const engine = engineOn({
    ...store,
    listWebhooks: async (key) => {
      if (isFailing) throw new Error('no file descriptor is left');
      return store.listWebhooks(key);
    },
  });
  await engine.start();
  expect(engine.figures()).toMatchObject({ accounts: 0, unopenedAccounts: 1 });
  await expect(engine.open('key')).rejects.toThrow('no file descriptor is left');
  expect(engine.figures()).toMatchObject({ accounts: 0, unopenedAccounts: 1 });
  isFailing = false;
  await receiver.arrived(1);
  expect(engine.figures()).toMatchObject({ accounts: 1, unopenedAccounts: 0 });
  await engine.stop(0);
});

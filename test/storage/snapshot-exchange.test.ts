/**
 * Snapshots are portable between adapters: from a file into memory, and back.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Attempt } from '../../src/domain/delivery.ts';
import { openMemoryStore } from '../../src/storage/memory/memory-store.ts';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { Claim, NewEvent, Store, StoredResponse } from '../../src/storage/store.ts';
import { dumpOf, type WholeDump } from '../support/dump.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-exchange-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const inFile = (): Promise<Store> => openSqliteStore({ file: join(folder, `${(files += 1)}.db`) });
const inMemory = async (): Promise<Store> => openMemoryStore();

const clock = { mode: 'scaled', rate: 2.5, anchorVirtual: 1_000, anchorWall: 2_000.5 } as const;
const ALL = { limit: 100 };

const attempt = (number: number, over: Partial<Attempt>): Attempt => ({
  number,
  startedAt: 10,
  endedAt: 20,
  durationMs: 3,
  outcome: 'non_2xx',
  error: 'answered 500',
  url: 'http://127.0.0.1:9/',
  signature: 'sha256=00',
  response: { status: 500, headers: [['x-a', 'é']], body: 'no 👎\u0000', truncated: false },
  nextAttemptAt: null,
  fault: { name: 'delay', rule: 'flt_1' },
  ...over,
});

/** Fills an account: every status, a retry, a redelivery with another body, a deleted webhook, stored responses. */
const fill = async (store: Store, key: number): Promise<void> => {
  const register = async (id: string): Promise<number> => {
    const fields = {
      url: 'http://127.0.0.1:9/',
      secret: 'whsec_exchange',
      status: 'active',
    } as const;
    const made = await store.createWebhook(
      key,
      { id, events: ['email.sent', 'email.opened'], createdAt: 5, ...fields },
      9,
    );
    return made!.key;
  };
  const event = (id: string, webhooks: readonly number[], claimed = false): NewEvent => ({
    event: { id, type: 'email.sent', createdAt: 100, body: `{"id":"${id}","text":"é\\u0000"}` },
    deliveries: webhooks.map((webhook) => ({ webhook, dueAt: 100, claimed })),
  });
  // A reset does not reuse numbers, so a snapshot need not start at 1.
  await store.publish(key, [event('evt_gone', [])]);
  await store.resetAccount(key);
  const [first, second] = [await register('whk_b'), await register('whk_a')];
  const both = [first, second];
  await store.publish(key, [event('evt_1', both), event('evt_2', both), event('evt_3', [])]);
  const claims = await store.claimDue(first, 100, 2);
  const [one, two] = claims as [Claim, Claim];
  await store.recordAttempts([
    { delivery: one.delivery, attempt: attempt(1, { nextAttemptAt: 500 }), status: 'pending' },
    { delivery: two.delivery, attempt: attempt(1, {}), status: 'dead' },
  ]);
  const [again] = await store.claimDue(first, 500, 1);
  const { delivery } = again!;
  const delivered = attempt(2, { outcome: 'delivered', error: null, response: null });
  await store.recordAttempts([{ delivery, attempt: delivered, status: 'delivered' }]);
  const [dead] = await store.listDeliveries(key, { status: 'dead' }, ALL);
  for (const body of [null, '{"edited":"\\u0000é"}']) {
    await store.redeliver(key, { of: dead!.id, body, signature: 'wrong', dueAt: 700 });
  }
  const [redelivered] = await store.claimDue(first, 700, 1);
  await store.recordAttempts([
    { delivery: redelivered!.delivery, attempt: attempt(1, {}), status: 'dead' },
  ]);
  await store.acknowledge(key, first, 'evt_2', 800);
  await store.publish(key, [event('evt_4', both), event('evt_5', [first, second], true)]);
  await store.claimDue(second, 100, 1);
  await store.deleteWebhook(key, 'whk_a', 900);
  const remember = (name: string, response: StoredResponse, storedAt: number): Promise<void> =>
    store.appendCommand(key, { at: 0, emitted: 0, body: '{}' }, () => {
      return { key: name, response, storedAt, maxResponses: 10 };
    });
  await remember('k', { requestHash: 'h', status: 201, body: '{}' }, 1000);
  await remember('j', { requestHash: 'i', status: 200, body: '' }, 999);
};

/** Sorts the rows: each store exports them in its own order. */
const sorted = ({ tables, ...rest }: WholeDump): unknown => ({
  ...rest,
  tables: Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [
      name,
      rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    ]),
  ),
});

/** Everything that is visible of an account, except for the keys of webhooks. */
const view = async (store: Store, key: number): Promise<unknown> => {
  const deliveries = await store.listDeliveries(key, {}, ALL);
  const webhooks = await store.listWebhooks(key);
  const plain = (row: object): object => ({ ...row, webhook: null, key: null });
  return {
    webhooks: webhooks.map(plain),
    counts: await store.counts(key),
    events: await store.listEvents(key, {}, ALL),
    details: (await Promise.all(deliveries.map(({ id }) => store.getDelivery(key, id)))).map(
      (one) => plain(one!),
    ),
    deadLetters: (await store.listDeadLetters(key, webhooks[0]!.key, ALL)).map(({ seq }) => seq),
    due: [...(await store.nextDueAt(key)).values()],
    responses: await Promise.all(['k', 'j'].map((name) => store.findResponse(key, name, 0))),
  };
};

test.each([
  ['a file', 'memory', inFile, inMemory],
  ['memory', 'a file', inMemory, inFile],
])(
  'an account exported from %s is the same after an import into %s',
  async (_from, _to, openFrom, openTo) => {
    const from = await openFrom();
    const to = await openTo();
    const { key } = await from.openAccount('a', { seed: 1, clock });
    await to.openAccount('a', { seed: 1, clock });
    await fill(from, key);
    const dump = await dumpOf(from, key);
    await to.importAccount(key, dump);
    // Deliveries in flight are imported as pending, or as cancelled if their webhook was deleted.
    await from.recover();
    expect(await view(to, key)).toEqual(await view(from, key));
    const again = await dumpOf(to, key);
    await from.importAccount(key, again);
    expect(await view(from, key)).toEqual(await view(to, key));
    await Promise.all([from.close(), to.close()]);
  },
);

test('both export the same rows', async () => {
  const dumps = await Promise.all(
    [await inFile(), await inMemory()].map(async (store) => {
      const { key } = await store.openAccount('a', { seed: 1, clock });
      await fill(store, key);
      const dump = await dumpOf(store, key);
      await store.close();
      return sorted(dump);
    }),
  );
  expect(dumps[1]).toEqual(dumps[0]);
});

/**
 * Filters of a database file find exactly the deliveries that fit, and counts stay right: across blocks of rows, deleted
 * webhooks, deliveries in flight, crashes and older files.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import type { Attempt, Delivery, DeliveryStatus } from '../../src/domain/delivery.ts';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { DeliveryFilter, NewEvent, Store } from '../../src/storage/store.ts';
import { deletedBy } from '../support/dump.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-filters-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);
const clock = { mode: 'frozen', rate: 0, anchorVirtual: 1, anchorWall: 1 } as const;
const TYPES = ['email.sent', 'email.opened', 'email.clicked'] as const;
const STATUSES: readonly DeliveryStatus[] = [
  'pending',
  'in_flight',
  'delivered',
  'dead',
  'acknowledged',
  'cancelled',
];
/** Several blocks, the last one incomplete. */
const EVENTS = 900;

const attempt: Attempt = {
  number: 1,
  startedAt: 1,
  endedAt: 1,
  durationMs: 1,
  outcome: 'non_2xx',
  error: 'answered 500',
  url: 'http://127.0.0.1:9/',
  signature: null,
  response: null,
  nextAttemptAt: null,
  fault: null,
};

/** Fills an account with deliveries of every status; those to the second webhook are pending, in flight or dead. */
const fill = async (store: Store): Promise<number> => {
  const { key } = await store.openAccount('filtered', { seed: 1, clock });
  const fields = { url: 'http://127.0.0.1:9/', events: ['*'], secret: 'whsec_filters' } as const;
  const webhooks: number[] = [];
  for (const id of ['whk_1', 'whk_2', 'whk_3']) {
    const made = { ...fields, id, status: 'active', createdAt: 1 } as const;
    webhooks.push((await store.createWebhook(key, made, 9))!.key);
  }
  const [one = 0, two = 0, three = 0] = webhooks;
  for (let from = 0; from < EVENTS; from += 100) {
    const events = Array.from({ length: 100 }, (_, index): NewEvent => {
      const number = from + index;
      // The third webhook gets few deliveries, all of them old.
      const webhook = number % 2 === 0 ? one : number < 20 ? three : two;
      const type = number % 7 === 0 ? TYPES[1] : TYPES[0];
      return {
        event: { id: `evt_${number}`, type, createdAt: 1, body: '{}' },
        deliveries: [{ webhook, dueAt: 1, claimed: number % 5 !== 0 }],
      };
    });
    const published = await store.publish(key, events);
    if (published.duplicateId !== null) throw new Error('an event exists already');
    const records = published.deliveries.flatMap((delivery, index) => {
      const number = from + index;
      if (number % 5 === 0 || number % 11 === 0) return [];
      const status = number % 13 === 0 ? ('dead' as const) : ('delivered' as const);
      return [{ delivery, attempt, status }];
    });
    await store.recordAttempts(records);
  }
  await store.acknowledge(key, one, 'evt_26', 2);
  return key;
};

const listAll = async (
  store: Store,
  account: number,
  filter: DeliveryFilter,
  limit: number,
): Promise<Delivery[]> => {
  const found: Delivery[] = [];
  for (let after: number | undefined; ;) {
    const page = await store.listDeliveries(account, filter, { limit, after });
    found.push(...page);
    after = page.at(-1)?.seq;
    if (after === undefined) return found;
  }
};

const FILTERS: readonly DeliveryFilter[] = [undefined, ...STATUSES].flatMap((status) =>
  [undefined, ...TYPES].flatMap((event) =>
    [undefined, 'whk_1', 'whk_2', 'whk_3', 'whk_none'].map((webhookId) => ({
      status,
      event,
      webhookId,
    })),
  ),
);

/** Compares every filter and the counts with the list of all deliveries. @returns that list */
const checkAll = async (store: Store, account: number): Promise<Delivery[]> => {
  const all = await listAll(store, account, {}, 1000);
  for (const filter of FILTERS) {
    const { status, event, webhookId } = filter;
    const expected = all.filter(
      (one) =>
        (status === undefined || one.status === status) &&
        (event === undefined || one.eventType === event) &&
        (webhookId === undefined || one.webhookId === webhookId),
    );
    expect(await listAll(store, account, filter, 70), JSON.stringify(filter)).toEqual(expected);
  }
  const { deliveries } = await store.counts(account);
  for (const status of STATUSES) {
    expect(deliveries[status], status).toBe(all.filter((one) => one.status === status).length);
  }
  for (const event of TYPES) {
    const events = await store.listEvents(account, { event }, { limit: 1000 });
    const ids = all.filter((one) => one.eventType === event).map(({ eventId }) => eventId);
    expect(events.map(({ id }) => id)).toEqual(ids);
  }
  return all;
};

/** Copies what a killed process leaves. */
const afterCrash = (file: string): string => {
  const copy = newFile();
  for (const end of ['', '-wal']) copyFileSync(file + end, copy + end);
  return copy;
};

const reopened = async (file: string): Promise<{ store: Store; account: number }> => {
  const store = await openSqliteStore({ file });
  await store.recover();
  const { key } = await store.openAccount('filtered', { seed: 1, clock });
  return { store, account: key };
};

test('every filter finds what the whole list contains, page by page', async () => {
  const store = await openSqliteStore({ file: newFile() });
  const all = await checkAll(store, await fill(store));
  expect(new Set(all.map(({ status }) => status)).size).toBe(5);
  await store.close();
});

test('a deleted webhook’s deliveries are cancelled at once, and stay so after a crash', async () => {
  const file = newFile();
  const store = await openSqliteStore({ file });
  const account = await fill(store);
  const before = await listAll(store, account, { webhookId: 'whk_2' }, 1000);
  const pending = before.filter(({ status }) => status === 'pending').map(({ id }) => id);
  expect(pending.length).toBeGreaterThan(50);
  expect(await deletedBy(store, account, 'whk_2', 9)).toEqual(pending.toReversed());
  const all = await checkAll(store, account);
  const cancelled = all.filter(({ status }) => status === 'cancelled');
  expect(cancelled.map(({ id }) => id)).toEqual(pending);
  expect(cancelled.every(({ settledAt, dueAt }) => settledAt === 9 && dueAt === null)).toBe(true);

  const crashed = await reopened(afterCrash(file));
  const after = await checkAll(crashed.store, crashed.account);
  // Those in flight are pending again, or cancelled with their webhook.
  expect(after.filter(({ status }) => status === 'in_flight')).toEqual([]);
  expect(
    after.filter(({ webhookId, status }) => webhookId === 'whk_2' && status === 'pending'),
  ).toEqual([]);
  expect(after).toHaveLength(EVENTS);
  await crashed.store.close();
  await store.close();
});

test('after a crash, deliveries in flight are pending, and filters and counts agree', async () => {
  const file = newFile();
  const store = await openSqliteStore({ file });
  await fill(store);
  const crashed = await reopened(afterCrash(file));
  const all = await checkAll(crashed.store, crashed.account);
  expect(all).toHaveLength(EVENTS);
  await crashed.store.close();
  await store.close();
});

test('a file of version 4 gets counts, and its interrupted deletions and deferred rows are completed', async () => {
  const file = newFile();
  const store = await openSqliteStore({ file });
  const account = await fill(store);
  await deletedBy(store, account, 'whk_2', 9);
  const old = afterCrash(file);
  await store.close();
  const db = new DatabaseSync(old);
  db.exec(
    `DROP TABLE event_tally; DROP TABLE delivery_tally; DROP TABLE event_block; DROP TABLE delivery_block;
     PRAGMA user_version = 4`,
  );
  db.close();
  const migrated = await reopened(old);
  const all = await checkAll(migrated.store, migrated.account);
  expect(all).toHaveLength(EVENTS);
  expect(all.filter(({ status }) => status === 'cancelled').length).toBeGreaterThan(50);
  await migrated.store.close();
});

/**
 * A snapshot is imported into a file in slices, but becomes visible at once: until then its rows cannot be reached, and a
 * failure or a crash leaves the account unchanged.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { nextTurn } from '../../src/domain/event-loop.ts';
import { SnapshotError } from '../../src/domain/snapshot-error.ts';
import { StoreClosed } from '../../src/domain/store-failure.ts';
import { SCHEMA_VERSION } from '../../src/storage/sqlite/schema.ts';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { AccountDump, NewWebhook, Store } from '../../src/storage/store.ts';
import { dumpOf, tablesOf } from '../support/dump.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-staged-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);
const clock = { mode: 'frozen', rate: 0, anchorVirtual: 1, anchorWall: 1 } as const;
const ROWS = 5000;
const ALL = { limit: 1000 };
const newDump = (count = ROWS): AccountDump => ({
  version: 3,
  clock,
  tables: tablesOf(count, 'evt_new'),
});

const webhook = (id: string): NewWebhook => ({
  id,
  url: 'http://127.0.0.1:9/',
  events: ['*'],
  secret: 'whsec_staged',
  status: 'active',
  createdAt: 1,
});

const publish = async (store: Store, account: number, key: number, id: string): Promise<void> => {
  const event = { id, type: 'email.sent', createdAt: 1, body: '{}' } as const;
  const deliveries = [{ webhook: key, dueAt: 1, claimed: false }];
  expect(await store.publish(account, [{ event, deliveries }])).toMatchObject({
    duplicateId: null,
  });
};

/** Creates two accounts, each with a webhook and a pending delivery. */
const openBoth = async (
  file: string,
): Promise<{ store: Store; keys: [number, number]; hooks: [number, number] }> => {
  const store = await openSqliteStore({ file });
  const keys: [number, number] = [0, 0];
  const hooks: [number, number] = [0, 0];
  for (const [index, hash] of ['loaded', 'other'].entries()) {
    keys[index] = (await store.openAccount(hash, { seed: 1, clock })).key;
    hooks[index] = (await store.createWebhook(keys[index], webhook(`whk_${hash}`), 9))!.key;
    await publish(store, keys[index], hooks[index], `evt_${hash}`);
  }
  return { store, keys, hooks };
};

/** Everything that is visible of an account, and whether it has work. */
const shown = async (store: Store, account: number): Promise<unknown> => ({
  counts: await store.counts(account),
  webhooks: await store.listWebhooks(account),
  events: await store.listEvents(account, {}, ALL),
  deliveries: await store.listDeliveries(account, {}, ALL),
  due: await store.nextDueAt(account),
  work: (await store.accountsWithWork()).toSorted(),
  dump: await dumpOf(store, account),
});

const copyOf = (file: string): string => {
  const copy = newFile();
  for (const end of ['', '-wal']) copyFileSync(file + end, copy + end);
  return copy;
};

/** Runs `ask` on a file that is not open in a store. */
const inDatabase = <T>(file: string, ask: (db: DatabaseSync) => T): T => {
  const db = new DatabaseSync(file);
  try {
    return ask(db);
  } finally {
    db.close();
  }
};

const numberOf = (file: string, sql: string): number =>
  inDatabase(file, (db) => Number(Object.values(db.prepare(sql).get() ?? {})[0]));
const accountsIn = (file: string): number => numberOf(file, 'SELECT count(*) FROM account');
const eventsIn = (file: string): number => numberOf(file, 'SELECT count(*) FROM event');

test('while a snapshot is staged, its account is unchanged and others are served', async () => {
  const { store, keys, hooks } = await openBoth(newFile());
  const [loaded, other] = keys;
  const before = await shown(store, loaded);
  let done = false;
  const work = store.importAccount(loaded, newDump()).finally(() => (done = true));
  let turns = 0;
  for (; !done; turns += 1) {
    expect(await store.counts(loaded)).toMatchObject({ webhooks: 1 });
    if (turns === 10) expect(await shown(store, loaded)).toEqual(before);
    await publish(store, other, hooks[1], `evt_other_${turns}`);
    const [claim] = await store.claimDue(hooks[1], 1, 1);
    expect(claim).toMatchObject({ account: other });
    expect(await store.recordAttempts([ended(claim!.delivery)])).toEqual([]);
    await nextTurn();
  }
  await work;
  expect(turns).toBeGreaterThan(10);
  expect(await store.counts(loaded)).toMatchObject({ events: ROWS, deliveries: { pending: ROWS } });
  const { deliveries } = await store.counts(other);
  expect(deliveries).toMatchObject({ delivered: turns, pending: 1 });
  await store.close();
});

const ended = (delivery: number) => ({
  delivery,
  status: 'delivered' as const,
  attempt: {
    number: 1,
    startedAt: 1,
    endedAt: 2,
    durationMs: 1,
    outcome: 'delivered' as const,
    error: null,
    url: 'http://127.0.0.1:9/',
    signature: null,
    response: null,
    nextAttemptAt: null,
    fault: null,
  },
});

test('a crash while a snapshot is staged leaves the account unchanged, and the next start deletes the staged rows', async () => {
  const file = newFile();
  const { store, keys } = await openBoth(file);
  const before = await Promise.all(keys.map((key) => shown(store, key)));
  let done = false;
  const copies: string[] = [];
  const work = store.importAccount(keys[0], newDump()).finally(() => (done = true));
  while (!done) {
    copies.push(copyOf(file));
    await nextTurn();
  }
  await work;
  await store.close();
  const staged = copies.filter((copy) => eventsIn(copyOf(copy)) > 1000);
  expect(staged.length).toBeGreaterThan(2);
  let isNew = 0;
  for (const copy of staged) {
    const again = await openSqliteStore({ file: copy });
    // Not even before the staged rows have been deleted.
    expect((await again.accountsWithWork()).toSorted()).toEqual(['loaded', 'other']);
    await again.recover();
    const { events } = await again.counts(keys[0]);
    if (events === ROWS) isNew += 1;
    else expect(await shown(again, keys[0])).toEqual(before[0]);
    expect(await shown(again, keys[1])).toEqual(before[1]);
    await again.importAccount(keys[0], newDump(10));
    expect(await again.counts(keys[0])).toMatchObject({ webhooks: 1, events: 10 });
    await again.close();
    expect([accountsIn(copy), eventsIn(copy)]).toEqual([2, 11]);
  }
  expect(isNew).toBeGreaterThan(0);
  expect(isNew).toBeLessThan(staged.length);
});

test('a snapshot that fails midway leaves the account unchanged and no staged rows', async () => {
  const file = newFile();
  const { store: first, keys } = await openBoth(file);
  await first.close();
  inDatabase(file, (db) =>
    db.exec(
      `CREATE TRIGGER broken BEFORE INSERT ON delivery WHEN NEW.seq % 4294967296 = ${ROWS - 1}
       BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END`,
    ),
  );
  const store = await openSqliteStore({ file });
  const before = await Promise.all(keys.map((key) => shown(store, key)));
  const failed = store.importAccount(keys[0], newDump());
  await expect(failed).rejects.toThrow(SnapshotError);
  await expect(failed).rejects.toThrow(
    new RegExp(`tables\\.delivery\\[${ROWS - 2}\\].*broken on purpose`, 'u'),
  );
  expect(await Promise.all(keys.map((key) => shown(store, key)))).toEqual(before);
  await store.importAccount(keys[0], newDump(10));
  expect(await store.counts(keys[0])).toMatchObject({ webhooks: 1, events: 10 });
  await store.close();
  expect([accountsIn(file), eventsIn(file)]).toEqual([2, 11]);
});

test('closing the store while a snapshot is staged leaves the account unchanged', async () => {
  const file = newFile();
  const { store, keys } = await openBoth(file);
  const before = await shown(store, keys[0]);
  const loading = store.importAccount(keys[0], newDump());
  const rejected = expect(loading).rejects.toThrow(StoreClosed);
  for (let turn = 0; turn < 30; turn += 1) await nextTurn();
  await store.close();
  await rejected;
  expect([accountsIn(file), eventsIn(file) > 2]).toEqual([3, true]);
  const again = await openSqliteStore({ file });
  await again.recover();
  expect(await shown(again, keys[0])).toEqual(before);
  await again.close();
  expect([accountsIn(file), eventsIn(file)]).toEqual([2, 2]);
});

test('a webhook created while another account is reset gets none of that account’s deliveries', async () => {
  const { store, keys, hooks } = await openBoth(newFile());
  await store.importAccount(keys[1], newDump());
  const [large] = await store.listWebhooks(keys[1]);
  expect(await store.claimDue(large!.key, 1, 1)).toHaveLength(1);
  let done = false;
  const work = store.resetAccount(keys[1]).finally(() => (done = true));
  let made = 0;
  for (; !done; made += 1) {
    const hook = await store.createWebhook(keys[0], webhook(`whk_${made}`), 1000);
    expect(await store.claimDue(hook!.key, 1e9, 10)).toEqual([]);
    await nextTurn();
  }
  await work;
  expect(made).toBeGreaterThan(2);
  expect(await store.claimDue(hooks[0], 1, 10)).toHaveLength(1);
  await store.close();
});

test('concurrent resets and imports take effect one after the other', async () => {
  const { store, keys } = await openBoth(newFile());
  const [account] = keys;
  const loading = store.importAccount(account, newDump());
  await store.resetAccount(account);
  await publish(store, account, await hookOf(store, account), 'evt_between');
  expect(await store.counts(account)).toMatchObject({ webhooks: 1, events: 1 });
  await loading;
  expect(await store.counts(account)).toMatchObject({ webhooks: 1, events: ROWS });
  await Promise.all([
    store.importAccount(account, newDump(7)),
    store.importAccount(account, newDump(8)),
  ]);
  expect([7, 8]).toContain((await store.counts(account)).events);
  await store.resetAccount(account);
  expect(await store.counts(account)).toMatchObject({ webhooks: 0, events: 0 });
  expect(await store.counts(keys[1])).toMatchObject({ webhooks: 1, events: 1 });
  await store.close();
});

test('resets of several accounts at once delete no rows of another account', async () => {
  const file = newFile();
  const { store, keys } = await openBoth(file);
  keys.push((await store.openAccount('third', { seed: 1, clock })).key);
  const replaceOften = async (account: number): Promise<void> => {
    for (let round = 0; round < 30; round += 1) {
      await store.importAccount(account, newDump(600));
      expect(await store.counts(account)).toMatchObject({ webhooks: 1, events: 600 });
      await store.resetAccount(account);
      await publish(store, account, await hookOf(store, account), 'evt_between');
      expect(await store.counts(account)).toMatchObject({ webhooks: 1, events: 1 });
    }
  };
  await Promise.all(keys.map(replaceOften));
  await store.close();
  expect(numberOf(file, 'SELECT count(*) FROM account')).toBe(keys.length);
  expect(numberOf(file, 'SELECT count(*) FROM event')).toBe(keys.length);
  expect(numberOf(file, 'SELECT count(*) FROM pragma_foreign_key_check')).toBe(0);
});

const hookOf = async (store: Store, account: number): Promise<number> =>
  (await store.createWebhook(account, webhook('whk_between'), 9))!.key;

test('partitions are reused, and keys, ids and cursors stay the same', async () => {
  const file = newFile();
  const { store, keys } = await openBoth(file);
  const [account] = keys;
  for (let round = 0; round < 20; round += 1) {
    await store.importAccount(account, newDump(5));
    await store.resetAccount(keys[1]);
  }
  const [newest, ...older] = await store.listEvents(account, {}, ALL);
  await store.close();
  expect(numberOf(file, 'SELECT max(key) FROM account')).toBeLessThanOrEqual(4);
  const again = await openSqliteStore({ file });
  await again.recover();
  expect((await again.openAccount('loaded', { seed: 1, clock })).key).toBe(account);
  expect(await again.listEvents(account, {}, { limit: 9, after: newest!.seq })).toEqual(older);
  const third = await again.openAccount('third', { seed: 1, clock });
  expect(keys).not.toContain(third.key);
  await again.importAccount(third.key, newDump(3));
  expect(await again.counts(account)).toMatchObject({ events: 5 });
  await again.close();
});

test('a file of the previous version is migrated, including an account that was being reset', async () => {
  const file = newFile();
  const { store, keys } = await openBoth(file);
  await store.importAccount(keys[0], newDump(10));
  await store.importAccount(keys[0], newDump(10));
  await store.close();
  const partition = numberOf(file, "SELECT key FROM account WHERE key_hash = 'loaded'");
  const row = (number: number): number => partition * 2 ** 32 + number;
  inDatabase(file, (db) =>
    db.exec(
      `DROP TABLE event_tally; DROP TABLE delivery_tally; DROP TABLE event_block; DROP TABLE delivery_block;
       UPDATE account SET account_key = NULL; ALTER TABLE account DROP COLUMN account_key;
       CREATE TABLE emptying (account INTEGER PRIMARY KEY REFERENCES account, event INTEGER NOT NULL, delivery INTEGER NOT NULL) STRICT;
       INSERT INTO emptying VALUES (${partition}, ${row(8)}, ${row(8)});
       PRAGMA user_version = 3`,
    ),
  );
  const again = await openSqliteStore({ file });
  await again.recover();
  const { key } = await again.openAccount('loaded', { seed: 1, clock });
  expect(await again.counts(key)).toMatchObject({ events: 2, deliveries: { pending: 2 } });
  const other = await again.openAccount('other', { seed: 1, clock });
  expect(await again.counts(other.key)).toMatchObject({ events: 1, deliveries: { pending: 1 } });
  await again.close();
  expect(numberOf(file, 'PRAGMA user_version')).toBe(SCHEMA_VERSION);
});

/**
 * Accounts with many rows: long work is done in slices while other requests are served, and is completed after a crash.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SnapshotError } from '../../src/domain/snapshot-error.ts';
import { openMemoryStore } from '../../src/storage/memory/memory-store.ts';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import type { NewEvent, Store } from '../../src/storage/store.ts';
import { deletedBy, dumpOf } from '../support/dump.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-large-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);
const clock = { mode: 'frozen', rate: 0, anchorVirtual: 1, anchorWall: 1 } as const;
const ROWS = 25_000;

/** Creates an account with one webhook and {@link ROWS} pending deliveries. */
const fill = async (store: Store): Promise<{ account: number; webhook: number }> => {
  const { key: account } = await store.openAccount('large', { seed: 1, clock });
  const fields = { url: 'http://127.0.0.1:9/', events: ['*'], secret: 'whsec_large' } as const;
  const made = await store.createWebhook(
    account,
    { ...fields, id: 'whk_1', status: 'active', createdAt: 1 },
    9,
  );
  const webhook = made!.key;
  for (let from = 0; from < ROWS; from += 1000) {
    const events = Array.from({ length: 1000 }, (_, index): NewEvent => ({
      event: { id: `evt_${from + index}`, type: 'email.sent', createdAt: 1, body: '{}' },
      deliveries: [{ webhook, dueAt: 1, claimed: false }],
    }));
    await store.publish(account, events);
  }
  return { account, webhook };
};

/** Counts the turns of the event loop while `work` is pending. */
const turnsDuring = async (work: Promise<unknown>): Promise<number> => {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await work.finally(() => (done = true));
  return turns;
};

describe.each([
  ['memory', async () => openMemoryStore()],
  ['a file', () => openSqliteStore({ file: newFile() })],
])('in %s', (_, open) => {
  test('a webhook with many pending deliveries is deleted in slices', async () => {
    const store = await open();
    const { account } = await fill(store);
    let cancelled: readonly string[] | null = [];
    const work = deletedBy(store, account, 'whk_1', 5).then((ids) => (cancelled = ids));
    expect(await turnsDuring(work)).toBeGreaterThan(1);
    expect(cancelled).toHaveLength(ROWS);
    const numberOf = (id: string): number => Number(id.slice('dlv_'.length));
    expect(cancelled).toEqual(cancelled.toSorted((a, b) => numberOf(a) - numberOf(b)));
    expect((await store.counts(account)).deliveries).toMatchObject({ pending: 0, cancelled: ROWS });
    await store.close();
  });

  test('a filter that few rows fit finds them all, page by page', async () => {
    const store = await open();
    const { account, webhook } = await fill(store);
    const ids = Array.from({ length: 5 }, (_none, index) => `evt_rare_${index}`);
    for (const id of ids) {
      const event = { id, type: 'email.replied', createdAt: 1, body: '{}' } as const;
      await store.publish(account, [
        { event, deliveries: [{ webhook, dueAt: 1, claimed: false }] },
        ...Array.from({ length: 5000 }, (_none, index): NewEvent => ({
          event: { id: `${id}_${index}`, type: 'email.sent', createdAt: 1, body: '{}' },
          deliveries: [{ webhook, dueAt: 1, claimed: false }],
        })),
      ]);
    }
    const newestFirst = ids.toReversed();
    const filter = { event: 'email.replied' } as const;
    for (const limit of [1, 2, 5, 9]) {
      const events: string[] = [];
      const deliveries: string[] = [];
      for (let after: number | undefined; ;) {
        const page = await store.listEvents(account, filter, { limit, after });
        events.push(...page.map(({ id }) => id));
        after = page.at(-1)?.seq;
        if (after === undefined) break;
      }
      for (let after: number | undefined; ;) {
        const page = await store.listDeliveries(account, filter, { limit, after });
        deliveries.push(...page.map(({ eventId }) => eventId));
        after = page.at(-1)?.seq;
        if (after === undefined) break;
      }
      expect([events, deliveries]).toEqual([newestFirst, newestFirst]);
    }
    await store.close();
  });

  test('rows created while a large account is reset are kept', async () => {
    const store = await open();
    const { account } = await fill(store);
    const emptied = store.resetAccount(account);
    await store.publish(account, [
      { event: { id: 'evt_new', type: 'email.sent', createdAt: 1, body: '{}' }, deliveries: [] },
    ]);
    await emptied;
    expect((await store.listEvents(account, {}, { limit: 9 })).map(({ id }) => id)).toEqual([
      'evt_new',
    ]);
    expect(await store.counts(account)).toMatchObject({ webhooks: 0, events: 1 });
    await store.close();
  });

  test('a snapshot cannot contain webhooks that the API would reject', async () => {
    const store = await open();
    const { account } = await fill(store);
    const dump = await dumpOf(store, account);
    const [row] = dump.tables['webhook']!;
    const many = Array.from({ length: 101 }, (_ignored, index) => ({
      ...row!,
      key: index + 1,
      id: `whk_${index}`,
    }));
    for (const webhook of [
      many,
      [{ ...row!, secret: 'short' }],
      [{ ...row!, url: `http://127.0.0.1/${'x'.repeat(2048)}` }],
      [{ ...row!, events: '["*","email.sent"]' }],
    ]) {
      const tables = { ...dump.tables, webhook, delivery: [], attempt: [] };
      await expect(store.importAccount(account, { ...dump, tables })).rejects.toThrow(
        SnapshotError,
      );
    }
    expect((await store.counts(account)).events).toBe(ROWS);
    await store.close();
  });
});

test('in a file, an account that was being emptied at a crash is empty after the next start', async () => {
  const file = newFile();
  const store = await openSqliteStore({ file });
  const { account } = await fill(store);
  const emptied = store.resetAccount(account);
  // The first slices are written, and most rows are still there: this is what a crash leaves.
  const copy = newFile();
  for (const end of ['', '-wal']) copyFileSync(file + end, copy + end);
  await emptied;
  await store.close();
  const again = await openSqliteStore({ file: copy });
  await again.recover();
  expect(await again.counts(account)).toMatchObject({ webhooks: 0, events: 0 });
  expect((await dumpOf(again, account)).tables).toMatchObject({ event: [], delivery: [] });
  await again.close();
});

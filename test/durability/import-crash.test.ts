/**
 * Killed while a snapshot is loaded: the account is wholly what it was or wholly what the snapshot says, other accounts
 * are untouched, and nothing that was staged is left.
 *
 * @module
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { nextTurn } from '../../src/domain/event-loop.ts';
import { seededRandom } from '../../src/domain/random.ts';
import { apiOf, type Api } from '../support/api.ts';
import { tablesOf } from '../support/dump.ts';
import { freePort } from '../support/receiver.ts';
import { startServe } from './serve-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ROUNDS = 8;
const ROWS = 20_000;
/** The two below, and the one that every sandbox opens. */
const ACCOUNTS = 3;
/** Nothing is sent: what changes by itself tells nothing. */
const NOT_YET = Date.parse('2090-01-01T00:00:00Z');
const random = seededRandom(20_261_129);
const file = join(folder, 'state.db');
const args = ['--db', file, '--clock', 'frozen', '--no-rate-limit'];

/** Ids of all events, deliveries by event, and webhooks. */
const contentOf = async (api: Api): Promise<readonly string[]> => {
  const { status, data } = await api.get('/_sandbox/snapshot');
  expect(status).toBe(200);
  const { webhook, event, delivery } = data.tables;
  const ids = new Map<number, string>(event.map(({ seq, id }: any) => [seq, id]));
  return [
    ...webhook.map(({ id }: any) => id),
    ...event.map(({ id }: any) => id),
    ...delivery.map((row: any) => `${row.seq} of ${ids.get(row.event)}, ${row.status}`),
  ];
};

const snapshotOf = async (api: Api, prefix: string): Promise<unknown> => {
  const { data } = await api.get('/_sandbox/snapshot');
  return { ...data, tables: tablesOf(ROWS, prefix, NOT_YET) };
};

/** Resolves when the file or its log holds a text. */
const untilWritten = async (text: string): Promise<void> => {
  const holds = (path: string): boolean => existsSync(path) && readFileSync(path).includes(text);
  while (!holds(`${file}-wal`) && !holds(file)) await nextTurn();
};

/** Accounts and events in the file, those that nobody can reach included. */
const rowsIn = (): { accounts: number; events: number } => {
  const copy = join(folder, 'copy.db');
  for (const end of ['', '-wal']) {
    rmSync(copy + end, { force: true });
    if (existsSync(file + end)) copyFileSync(file + end, copy + end);
  }
  const db = new DatabaseSync(copy);
  const count = (table: string): number =>
    Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
  const counts = { accounts: count('account'), events: count('event') };
  db.close();
  return counts;
};

test(
  `${ROUNDS} kills in mid-import leave the old account or the new one`,
  { timeout: 240_000 },
  async () => {
    const port = await freePort();
    const api = apiOf(`http://127.0.0.1:${port}`, 'loaded');
    const other = apiOf(`http://127.0.0.1:${port}`, 'other');
    {
      await using child = await startServe(port, ...args);
      for (const one of [api, other]) {
        await one.register('http://127.0.0.1:9/');
        expect(
          (await one.send('POST', '/_sandbox/events', { event: 'email.sent', count: 5 })).status,
        ).toBe(202);
      }
      expect(await child.end('SIGTERM')).toBe(0);
    }

    let before: readonly string[] = [];
    let untouched: readonly string[] = [];
    let cut = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await using child = await startServe(port, ...args);
      before = await contentOf(api);
      untouched = await contentOf(other);
      const prefix = `evt_round${round}`;
      const loading = api.send('PUT', '/_sandbox/snapshot', await snapshotOf(api, prefix)).then(
        ({ status }) => status,
        () => null,
      );
      await untilWritten(`${prefix}_${Math.floor(random() * ROWS * 0.9)}`);
      expect(await child.end('SIGKILL')).toBe('SIGKILL');
      const status = await loading;
      const left = rowsIn();
      if (left.accounts > ACCOUNTS) cut += 1;

      await using again = await startServe(port, ...args);
      const now = await contentOf(api);
      const isNew = now.includes(`whk_${prefix}`);
      if (isNew) expect(now).toHaveLength(1 + 2 * ROWS);
      else expect(now).toEqual(before);
      if (isNew) expect(now.filter((id) => !id.includes(prefix))).toEqual([]);
      if (status === 200) expect(isNew).toBe(true);
      expect(await contentOf(other)).toEqual(untouched);
      const events = now.filter((id) => id.startsWith('evt_')).length;
      expect(rowsIn()).toEqual({ accounts: ACCOUNTS, events: events + 5 });
      expect(await again.end('SIGTERM')).toBe(0);
    }
    expect(cut).toBeGreaterThan(0);

    await using child = await startServe(port, ...args);
    expect(
      (await api.send('PUT', '/_sandbox/snapshot', await snapshotOf(api, 'evt_last'))).status,
    ).toBe(200);
    expect((await api.get('/_sandbox/clock')).data).toMatchObject({ pending: ROWS });
    expect(await contentOf(other)).toEqual(untouched);
    expect(await child.end('SIGTERM')).toBe(0);
  },
);

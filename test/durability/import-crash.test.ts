/**
 * Kills the sandbox while a snapshot is imported: afterwards the account is either unchanged or replaced completely, other
 * accounts are untouched, and no staged rows remain.
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
import { startServe, type ServeProcess } from './serve-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ROUNDS = 6;
const ROWS = 20_000;
/** Number of events of each account before the import. */
const EVENTS = 5;
/** The two accounts below, and the default one. */
const ACCOUNTS = 3;
/** Due time in the far future, so that nothing is sent. */
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

/** Resolves once the file or its log contains a text. */
const untilWritten = async (text: string): Promise<void> => {
  const holds = (path: string): boolean => existsSync(path) && readFileSync(path).includes(text);
  while (!holds(`${file}-wal`) && !holds(file)) await nextTurn();
};

/** Counts accounts and events in the file, including hidden ones. */
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

/** An import that was interrupted by a kill. */
interface Cut {
  readonly prefix: string;
  /** Null without a response. */
  readonly status: number | null;
  readonly before: readonly string[];
}

/** Starts an import, and kills the sandbox once a randomly chosen row of it is in the file. */
const importAndKill = async (api: Api, child: ServeProcess, prefix: string): Promise<Cut> => {
  const before = await contentOf(api);
  const loading = api.send('PUT', '/_sandbox/snapshot', await snapshotOf(api, prefix)).then(
    ({ status }) => status,
    () => null,
  );
  await untilWritten(`${prefix}_${Math.floor(random() * ROWS * 0.9)}`);
  expect(await child.end('SIGKILL')).toBe('SIGKILL');
  return { prefix, status: await loading, before };
};

/** @returns the number of events that the account has after the restart */
const checkWhole = async (api: Api, { prefix, status, before }: Cut): Promise<number> => {
  const now = await contentOf(api);
  const isNew = now.includes(`whk_${prefix}`);
  if (status === 200) expect(isNew).toBe(true);
  if (isNew) {
    expect(now).toHaveLength(1 + 2 * ROWS);
    expect(now.filter((id) => !id.includes(prefix))).toEqual([]);
  } else {
    expect(now).toEqual(before);
  }
  return now.filter((id) => id.startsWith('evt_')).length;
};

test(
  `${ROUNDS} kills in mid-import leave the old account or the new one`,
  { timeout: 240_000 },
  async () => {
    const port = await freePort();
    const api = apiOf(`http://127.0.0.1:${port}`, 'loaded');
    const other = apiOf(`http://127.0.0.1:${port}`, 'other');
    let cut: Cut | null = null;
    let untouched: readonly string[] = [];
    let cutBeforeEnd = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await using child = await startServe(port, ...args);
      if (cut === null) {
        for (const one of [api, other]) {
          await one.register('http://127.0.0.1:9/');
          await one.trigger('email.sent', { count: EVENTS });
        }
        untouched = await contentOf(other);
      } else {
        const events = await checkWhole(api, cut);
        expect(await contentOf(other)).toEqual(untouched);
        // What the kill left behind is deleted after the start.
        await expect.poll(rowsIn).toEqual({ accounts: ACCOUNTS, events: events + EVENTS });
      }
      cut = await importAndKill(api, child, `evt_round${round}`);
      if (rowsIn().accounts > ACCOUNTS) cutBeforeEnd += 1;
    }
    expect(cutBeforeEnd).toBeGreaterThan(0);

    await using child = await startServe(port, ...args);
    await checkWhole(api, cut!);
    const last = await snapshotOf(api, 'evt_last');
    expect((await api.send('PUT', '/_sandbox/snapshot', last)).status).toBe(200);
    expect((await api.get('/_sandbox/clock')).data).toMatchObject({ pending: ROWS });
    expect(await contentOf(other)).toEqual(untouched);
    await expect.poll(rowsIn).toEqual({ accounts: ACCOUNTS, events: ROWS + EVENTS });
    expect(await child.end('SIGTERM')).toBe(0);
  },
);

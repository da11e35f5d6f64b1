/**
 * A damaged database: the start, or each request that reads the damaged part, reports the problem and the remedy.
 *
 * @module
 */
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Reply } from '../support/api.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-damaged-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PAGE = 4096;
/** The first pages contain the roots of tables and indexes. */
const FIRST_ROWS = 40;

/** Creates a closed database with thousands of events. */
const filled = async (name: string): Promise<string> => {
  const db = join(folder, name);
  await using mock = await createMock({ db, clock: 'frozen', rateLimit: false });
  const api = apiOf(mock.url);
  const ask = { event: 'email.replied', count: 5000 };
  expect((await api.send('POST', '/_sandbox/events', ask)).status).toBe(202);
  return db;
};

/** Reads the whole account. @returns the statuses and error codes of all responses */
const readAll = async (mock: Mock): Promise<ReadonlySet<string>> => {
  const api = apiOf(mock.url);
  const answers = new Set<string>();
  let path: string | null = '/_sandbox/events?limit=100';
  while (path !== null) {
    const { status, error, meta }: Reply = await api.get(path);
    answers.add(status === 200 ? '200' : `${status} ${error.code}`);
    const cursor: string | null = (status === 200 && meta.next_cursor) || null;
    path =
      cursor === null ? null : `/_sandbox/events?limit=100&cursor=${encodeURIComponent(cursor)}`;
  }
  const { status, error } = await api.get('/_sandbox/snapshot');
  answers.add(status === 200 ? '200' : `${status} ${error.code}`);
  return answers;
};

test('a file with zeroed pages is refused at the start, with a remedy', async () => {
  const db = await filled('zeros.db');
  const file = openSync(db, 'r+');
  const pages = Math.floor(statSync(db).size / PAGE);
  writeSync(file, Buffer.alloc((pages - FIRST_ROWS) * PAGE, 0), 0, undefined, FIRST_ROWS * PAGE);
  closeSync(file);
  const starting = createMock({ db, clock: 'frozen', rateLimit: false });
  await expect(starting).rejects.toThrow(`${db}: it is damaged. Pass another db`);
  await expect(starting).rejects.toMatchObject({ name: 'StoreError' });
});

test('a file that is truncated while the sandbox runs results in a storage error', async () => {
  const db = await filled('short.db');
  await using mock = await createMock({ db, clock: 'frozen', rateLimit: false });
  const file = openSync(db, 'r+');
  ftruncateSync(file, FIRST_ROWS * PAGE);
  closeSync(file);
  const answers = [...(await readAll(mock))];
  expect(answers.filter((answer) => answer !== '200')).not.toEqual([]);
  expect(answers.filter((answer) => answer.includes('INTERNAL_ERROR'))).toEqual([]);
});

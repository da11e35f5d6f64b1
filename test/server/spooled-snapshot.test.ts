/**
 * Snapshots that do not fit into memory: restored from a temporary file that nothing leaves behind.
 *
 * @module
 */
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { request, type ClientRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '../../schemas/contract.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import type { DumpRow } from '../../src/storage/store.ts';
import { apiOf } from '../support/api.ts';
import { tablesOf } from '../support/dump.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';

// A large account takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const OLD_LIMIT = 67_108_864;
const NOT_YET = Date.parse('2090-01-01T00:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'sendemall-spooled-'));
/** The temporary folder of the sandboxes of this file. */
const spool = mkdtempSync(join(folder, 'spool-'));
let postgres: PostgresServer | null = null;
const before = process.env['TMPDIR'];
beforeAll(async () => {
  // It runs as another user, who cannot enter the folder.
  if (noPostgres === null) postgres = await startPostgres();
  process.env['TMPDIR'] = spool;
}, 60_000);
afterAll(async () => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await postgres?.stop();
  rmSync(folder, { recursive: true });
});

const FDS = '/proc/self/fd';

/** Files in the temporary folder: those with a name, and on Linux those that are open without one. */
const spoolFiles = (): string[] => {
  const named = readdirSync(spool).map((name) => join(spool, name));
  if (!existsSync(FDS)) return named;
  const opened = readdirSync(FDS).filter((fd) => {
    try {
      return readlinkSync(join(FDS, fd)).startsWith(spool);
    } catch {
      return false;
    }
  });
  return [...named, ...opened.map((fd) => join(FDS, fd))];
};

const recordOf = (body: string): string =>
  JSON.stringify([
    1,
    2,
    1,
    'delivered',
    null,
    'http://127.0.0.1:9/',
    null,
    { status: 200, headers: [['x-a', 'é']], body, truncated: false },
    null,
  ]);

/** Rows of every table but campaigns. A few are large, and hold characters of one to four bytes. */
const rowsOf = (count: number, largeBytes: number): Record<string, DumpRow[]> => {
  const { webhook, event, delivery } = tablesOf(count, 'evt_s', NOT_YET);
  const note = 'é€👎\u0000"\\,[]{}'.repeat(64);
  const large = JSON.stringify({ note: note + 'x'.repeat(largeBytes) });
  return {
    webhook: webhook!,
    event: event!.map((row, index) => (index % 50 === 7 ? { ...row, body: large } : row)),
    delivery: delivery!.map((row, index) => {
      if (index % 3 === 0) return row;
      const attempts_made = index % 3;
      return { ...row, attempts_made, body: index % 100 === 1 ? large : null };
    }),
    attempt: delivery!.flatMap(({ seq }, index) =>
      Array.from({ length: index % 3 }, (_, made) => ({
        delivery: seq!,
        number: made + 1,
        record: recordOf(`${note}${seq}/${made}`),
      })),
    ),
    command: [],
    progress: [],
    answer: [
      {
        key: 'k',
        request_hash: 'h',
        status: 201,
        body: JSON.stringify({ note }),
        remembered_at: 1_000,
      },
    ],
  };
};

const snapshotOf = (tables: Record<string, readonly DumpRow[]>): Buffer =>
  Buffer.from(
    JSON.stringify({
      version: 3,
      seed: 7,
      opens: 1,
      clock: { mode: 'frozen', rate: 0, anchor_virtual: 1, anchor_wall: 1 },
      tables,
    }),
  );

const put = async (url: string, key: string, body: Buffer): Promise<[number, any]> => {
  const response = await fetch(`${url}/_sandbox/snapshot`, {
    method: 'PUT',
    headers: { 'x-user-context': key, 'content-type': 'application/json' },
    body: new Uint8Array(body),
  });
  return [response.status, await response.json()];
};

/** The tables of an account's snapshot as text. The head holds the time of saving. */
const saved = async (url: string, key: string): Promise<string> => {
  const headers = { 'x-user-context': key };
  const text = await (await fetch(`${url}/_sandbox/snapshot`, { headers })).text();
  return text.slice(text.indexOf('"tables"'), text.lastIndexOf('},"meta"'));
};

let databases = 0;
const STORES: readonly [string, () => string | null, string | null][] = [
  ['memory', () => null, null],
  ['a file', () => join(folder, `${(databases += 1)}.db`), null],
  ['PostgreSQL', () => postgres!.url(), noPostgres],
];

for (const [name, db, reason] of STORES) {
  test.skipIf(reason !== null)(
    `a snapshot of more than 64 MiB comes back from ${name} byte for byte${reason === null ? '' : `: ${reason}`}`,
    async () => {
      const tables = rowsOf(2500, 1_000_000);
      const body = snapshotOf(tables);
      expect(body.length).toBeGreaterThan(OLD_LIMIT);
      await using mock = await createMock({ clock: 'frozen', rateLimit: false, db: db() });
      expect(await put(mock.url, 'large', body)).toMatchObject([200, { data: { restored: true } }]);
      expect(spoolFiles()).toEqual([]);
      const text = await saved(mock.url, 'large');
      const { tables: rows } = JSON.parse(`{${text}}`);
      // Only the keys of webhooks are new in each place.
      const [key] = rows.webhook.map((row: DumpRow) => row['key']);
      const expected = {
        ...tables,
        webhook: tables['webhook']!.map((row) => ({ ...row, key })),
        delivery: tables['delivery']!.map((row) => ({ ...row, webhook: key })),
      };
      expect(Object.keys(rows).toSorted()).toEqual(Object.keys(expected).toSorted());
      for (const [table, list] of Object.entries(expected)) {
        expect(rows[table].length).toBe(list.length);
        const isSame = list.every((row, index) => {
          const other = rows[table][index];
          return Object.entries(row).every(([column, value]) => other[column] === value);
        });
        expect([table, isSame]).toEqual([table, true]);
      }
      const again = Buffer.from(
        `{"version":3,"clock":{"mode":"frozen","rate":0,"anchor_virtual":1,"anchor_wall":1},${text}}`,
      );
      const [status] = await put(mock.url, 'large', again);
      expect(status).toBe(200);
      const second = await saved(mock.url, 'large');
      const newKey = JSON.parse(`{${second}}`).tables.webhook[0].key;
      const inPlace = second
        .replaceAll(`"webhook":${newKey},`, `"webhook":${key},`)
        .replace(`"key":${newKey},`, `"key":${key},`);
      expect(inPlace === text).toBe(true);
      await mock.close(0);
    },
  );
}

describe('with a sandbox', () => {
  let mock: Mock;
  beforeAll(async () => {
    mock = await createMock({ clock: 'frozen', rateLimit: false, db: join(folder, 'one.db') });
  });
  afterAll(() => mock.close(0));

  /** Sends the first bytes of a body and keeps the connection. */
  const begin = (key: string, part: Buffer): ClientRequest => {
    const sent = request(`${mock.url}/_sandbox/snapshot`, {
      method: 'PUT',
      headers: {
        'x-user-context': key,
        'content-type': 'application/json',
        'transfer-encoding': 'chunked',
      },
    });
    sent.on('error', () => undefined);
    sent.write(part);
    return sent;
  };

  const large = snapshotOf(rowsOf(6000, 60_000));

  test.each([
    ['is cut', (body: Buffer) => body.subarray(0, -2), 400, 'MALFORMED_JSON'],
    [
      'goes on after its end',
      (body: Buffer) => Buffer.concat([body, Buffer.from(' x')]),
      400,
      'MALFORMED_JSON',
    ],
    [
      'is no UTF-8 at its end',
      (body: Buffer) => Buffer.concat([body, Buffer.from([0x20, 0xff])]),
      400,
      'MALFORMED_JSON',
    ],
    [
      'has a bad row at its end',
      (body: Buffer) =>
        Buffer.from(body.toString().replace('"remembered_at":1000', '"remembered_at":null')),
      422,
      'VALIDATION_FAILED',
    ],
  ])(
    'a large body that %s changes nothing, and leaves no file',
    async (title, damage, status, code) => {
      const api = apiOf(mock.url, title);
      const id = await api.register('http://127.0.0.1:9/');
      const bad = damage(large);
      expect(await put(mock.url, title, bad)).toMatchObject([status, { error: { code } }]);
      expect((await api.get('/v1/webhooks')).data).toMatchObject([{ id }]);
      expect((await api.get('/_sandbox/events')).data).toEqual([]);
      expect(spoolFiles()).toEqual([]);
    },
  );

  test.skipIf(!existsSync(FDS))(
    'an upload is kept in a file of its own that no other user can read, and is gone with its client',
    async () => {
      const sent = begin('aborted', large.subarray(0, 2 * LIMITS.maxSnapshotBytesInMemory));
      await expect.poll(() => spoolFiles().length, { timeout: 20_000 }).toBe(1);
      const [file] = spoolFiles();
      expect(statSync(file!).mode & 0o777).toBe(0o600);
      expect(readdirSync(spool)).toEqual([]);
      sent.destroy();
      await expect.poll(spoolFiles, { timeout: 20_000 }).toEqual([]);
    },
  );

  test('a body that is small takes no file', async () => {
    const sent = begin('small', large.subarray(0, LIMITS.maxSnapshotBytesInMemory / 2));
    const reached = apiOf(mock.url, 'small');
    for (let round = 0; round < 20; round += 1) {
      expect((await reached.get('/v1/webhooks')).status).toBe(200);
      expect(spoolFiles()).toEqual([]);
    }
    sent.destroy();
  });

  test.skipIf(!existsSync(FDS))(
    'more large bodies than may be kept at a time are refused, until one has ended',
    async () => {
      const part = large.subarray(0, 2 * LIMITS.maxSnapshotBytesInMemory);
      const sent: ClientRequest[] = [];
      const beginNext = async (key: string): Promise<void> => {
        sent.push(begin(key, part));
        await expect.poll(() => spoolFiles().length, { timeout: 20_000 }).toBe(sent.length);
      };
      await beginNext('first');
      await beginNext('first');
      expect(await put(mock.url, 'first', large)).toMatchObject([
        503,
        { error: { code: 'BUSY', message: expect.stringContaining('2 large snapshots') } },
      ]);
      await beginNext('second');
      await beginNext('third');
      expect(sent).toHaveLength(LIMITS.maxSnapshotUploads);
      expect(await put(mock.url, 'fourth', large)).toMatchObject([
        503,
        { error: { code: 'BUSY' } },
      ]);
      const small = snapshotOf(rowsOf(10, 10));
      expect(await put(mock.url, 'fourth', small)).toMatchObject([200, {}]);
      for (const one of sent) one.destroy();
      await expect.poll(spoolFiles, { timeout: 20_000 }).toEqual([]);
      expect(await put(mock.url, 'fourth', large)).toMatchObject([200, {}]);
    },
  );

  test('a temporary folder that does not exist is named', async () => {
    process.env['TMPDIR'] = join(spool, 'missing');
    const reply = await put(mock.url, 'missing', large).finally(() => {
      process.env['TMPDIR'] = spool;
    });
    const message = expect.stringContaining(`${join(spool, 'missing')} (ENOENT)`);
    expect(reply).toMatchObject([503, { error: { code: 'STORAGE_FAILED', message } }]);
    expect(await put(mock.url, 'missing', large)).toMatchObject([200, {}]);
  });

  test('attempts in any order are restored; too many of them out of order are refused', async () => {
    const tables = rowsOf(300, 10);
    const backwards = (rows: readonly DumpRow[]): DumpRow[] =>
      rows.toSorted((a, b) => Number(b['delivery']) - Number(a['delivery']));
    const attempt = backwards(tables['attempt']!);
    expect(attempt).not.toEqual(tables['attempt']);
    expect(await put(mock.url, 'order', snapshotOf({ ...tables, attempt }))).toMatchObject([
      200,
      {},
    ]);
    const { tables: rows } = JSON.parse(`{${await saved(mock.url, 'order')}}`);
    expect(rows.attempt).toEqual(tables['attempt']);
    const many = backwards(tables['attempt']!).map((row): DumpRow => ({
      ...row,
      record: recordOf('x'.repeat(100_000)),
    }));
    const refused = await put(mock.url, 'order', snapshotOf({ ...tables, attempt: many }));
    const message = expect.stringContaining(
      'tables.attempt must be in the order of the deliveries',
    );
    expect(refused).toMatchObject([422, { error: { code: 'VALIDATION_FAILED', message } }]);
    const ordered = many.toSorted((a, b) => Number(a['delivery']) - Number(b['delivery']));
    expect(await put(mock.url, 'order', snapshotOf({ ...tables, attempt: ordered }))).toMatchObject(
      [200, {}],
    );
  });
});

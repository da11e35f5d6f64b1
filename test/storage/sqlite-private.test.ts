/**
 * A database contains webhook secrets, so only its owner can read it.
 *
 * @module
 */
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-private-'));
afterAll(() => rmSync(folder, { recursive: true }));

const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;
const modes = (file: string): string[] =>
  ['', '-wal', '-shm']
    .map((end) => file + end)
    .filter((one) => existsSync(one))
    .map((one) => (statSync(one).mode & 0o777).toString(8));

test.skipIf(process.platform === 'win32')(
  'a new file and its log are readable by their owner only',
  async () => {
    const file = join(folder, 'new.db');
    const store = await openSqliteStore({ file });
    await store.openAccount('a', { seed: 1, clock });
    expect(new Set(modes(file))).toEqual(new Set(['600']));
    await store.close();
  },
);

test.skipIf(process.platform === 'win32')(
  'opening a file removes the permissions of other users',
  async () => {
    const file = join(folder, 'old.db');
    await (await openSqliteStore({ file })).close();
    chmodSync(file, 0o644);
    const store = await openSqliteStore({ file });
    await store.openAccount('a', { seed: 1, clock });
    expect(new Set(modes(file))).toEqual(new Set(['600']));
    await store.close();
  },
);

/**
 * SQLite keeps the contract, in a file and in memory, and refuses what it must not touch.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/storage/sqlite.ts';
import { storeContract } from '../contract/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

describe('a file', () => {
  storeContract({
    open: () => openSqliteStore({ file: newFile() }),
    // A crash leaves the file and its log as they are: copies of both are what the next process finds.
    reopen: async (store) => {
      const copy = newFile();
      for (const end of ['', '-wal']) copyFileSync(store.location + end, copy + end);
      await store.close();
      return openSqliteStore({ file: copy });
    },
  });
});

const holder = `
  import { openSqliteStore } from ${JSON.stringify(new URL('../../src/storage/sqlite.ts', import.meta.url).href)};
  await openSqliteStore({ file: process.argv[1] });
  console.log('open');
  setInterval(() => undefined, 1000);
`;

const hold = async (file: string) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
};

describe('opening', () => {
  test('is refused while another process has the file, and works again once that one was killed', async () => {
    const file = newFile();
    const child = await hold(file);
    await expect(openSqliteStore({ file })).rejects.toThrow(/another process has it open.*--db/);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await (await openSqliteStore({ file })).close();
  });

  test('is refused for a file of a newer version, which stays as it is', async () => {
    const file = newFile();
    await (await openSqliteStore({ file })).close();
    const db = new DatabaseSync(file);
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 999');
    db.close();
    const before = readFileSync(file);
    await expect(openSqliteStore({ file })).rejects.toThrow(/newer version.*999.*Update/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('is refused for another program’s database, which stays as it is', async () => {
    const file = newFile();
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE theirs (a)');
    db.close();
    const before = readFileSync(file);
    await expect(openSqliteStore({ file })).rejects.toThrow(/another program/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('is refused for what is no database', async () => {
    const file = newFile();
    writeFileSync(file, 'a letter to my grandmother, long enough to be looked at '.repeat(40));
    await expect(openSqliteStore({ file })).rejects.toThrow(/not a SQLite database/);
  });

  test('is refused for a folder, and in a folder that is not there', async () => {
    await expect(openSqliteStore({ file: folder })).rejects.toThrow(/it is a folder/);
    await expect(openSqliteStore({ file: join(folder, 'none', 'a.db') })).rejects.toThrow(
      /does not exist.*Make it first/,
    );
  });

  test('is refused where it cannot write', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write everywhere');
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    await expect(openSqliteStore({ file: join(closed, 'a.db') })).rejects.toThrow(
      /permissions|writable/,
    );
  });
});

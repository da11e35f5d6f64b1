/**
 * SQLite keeps the contract, in a file and in memory.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { openSqliteStore } from '../../src/storage/sqlite.ts';
import { storeContract } from '../contract/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

describe('memory', () => {
  storeContract({ open: () => openSqliteStore({ file: null }), reopen: null });
});

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

/**
 * SQLite keeps the contract.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openSqliteStore } from '../../src/storage/sqlite.ts';
import { storeContract, type StoreHarness } from '../contract/store.ts';
import { randomStoreCalls } from '../contract/store-random.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

const inFile: StoreHarness = {
  open: () => openSqliteStore({ file: newFile() }),
  // A crash leaves the file and its log as they are: copies of both are what the next process finds.
  reopen: async (store) => {
    const copy = newFile();
    for (const end of ['', '-wal']) copyFileSync(store.location + end, copy + end);
    await store.close();
    return openSqliteStore({ file: copy });
  },
};

storeContract(inFile);
randomStoreCalls(inFile, 60);

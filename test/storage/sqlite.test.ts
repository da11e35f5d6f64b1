/**
 * The SQLite store fulfils the contract.
 *
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import { storeContract } from '../contract/store.ts';
import type { StoreHarness } from '../contract/store/fixture.ts';
import { randomStoreCalls } from '../contract/store-random.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

const inFile: StoreHarness = {
  open: () => openSqliteStore({ file: newFile() }),
  // A crash leaves the file and its log; copies of both are what the next process opens.
  reopen: async (store) => {
    const copy = newFile();
    for (const end of ['', '-wal']) copyFileSync(store.location + end, copy + end);
    await store.close();
    return openSqliteStore({ file: copy });
  },
};

storeContract(inFile);
randomStoreCalls(inFile, 60);

test('calls made before the store closes are written', async () => {
  const file = newFile();
  const store = await openSqliteStore({ file });
  const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;
  const { key } = await store.openAccount('a', { seed: 1, clock });
  const event = { id: 'evt_1', type: 'email.sent', createdAt: 1, body: '{}' } as const;
  const published = store.publish(key, [{ event, deliveries: [] }]);
  await store.close();
  expect(await published).toEqual({ duplicateId: null, deliveries: [] });
  const again = await openSqliteStore({ file });
  expect(await again.getEvent(key, 'evt_1')).toMatchObject(event);
  await again.close();
});

/**
 * The PostgreSQL store fulfils the contract.
 *
 * @module
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { storeContract } from '../contract/store.ts';
import type { StoreHarness } from '../contract/store/fixture.ts';
import { randomStoreCalls } from '../contract/store-random.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';

describe.skipIf(noPostgres !== null)('the PostgreSQL store', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  let schemas = 0;
  const places = new WeakMap<Store, { readonly url: string; readonly schema: string }>();
  const openAt = async (url: string, schema: string): Promise<Store> => {
    const store = await openPostgresStore({ url, schema });
    places.set(store, { url, schema });
    return store;
  };
  const harness: StoreHarness = {
    open: () => openAt(server.url(), `test_${(schemas += 1)}`),
    reopen: async (store) => {
      const { url, schema } = places.get(store)!;
      await store.close();
      return openAt(url, schema);
    },
  };

  storeContract(harness);
  randomStoreCalls(harness, 30);
});

/**
 * The PostgreSQL store fulfils the contract.
 *
 * @module
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { storeContract } from '../contract/store.ts';
import { clock, type StoreHarness } from '../contract/store/fixture.ts';
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

  describe('behind a fence', () => {
    const fence = { epochOf: () => 7, lost: () => expect.fail('a lease was lost') };
    /** Accounts of the contract and of the random calls. */
    const keyHashes = ['hash-a', 'hash-b', 'hash-busy', 'hash-idle', 'one', 'other'];
    const openFenced = async (schema: string): Promise<Store> => {
      const store = await openPostgresStore({ url: server.url(), schema, fence });
      places.set(store, { url: server.url(), schema });
      return store;
    };
    const fenced: StoreHarness = {
      open: async () => {
        const schema = `fenced_${(schemas += 1)}`;
        const store = await openFenced(schema);
        const client = new pg.Client({ connectionString: server.url() });
        await client.connect();
        await client.query(
          `INSERT INTO ${schema}.account_lease (key_hash, epoch) SELECT unnest($1::text[]), 7`,
          [keyHashes],
        );
        await client.end();
        return store;
      },
      reopen: async (store) => {
        const { schema } = places.get(store)!;
        const open = await store.accountsWithWork();
        await store.close();
        const next = await openFenced(schema);
        // A take-over recovers each account when it is opened.
        for (const keyHash of open) await next.openAccount(keyHash, { seed: 0, clock });
        return next;
      },
    };
    storeContract(fenced);
    randomStoreCalls(fenced, 15);
  });
});

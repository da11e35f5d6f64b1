/**
 * Migrations in PostgreSQL: forward only, all missing steps in one transaction, one process at a time.
 *
 * @module
 */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { migrate, SCHEMA_VERSION } from '../../src/storage/postgres/schema.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';

const STEPS = [
  'CREATE TABLE thing (a int); INSERT INTO thing VALUES (1)',
  'ALTER TABLE thing ADD COLUMN b int DEFAULT 2',
  'UPDATE thing SET b = b + a',
];

describe.skipIf(noPostgres !== null)('migrations in PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  let client: pg.Client;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    url = await server.createDatabase();
    client = new pg.Client({ connectionString: url });
    await client.connect();
  });
  afterEach(() => client.end());

  const place = { schema: 'steps', location: 'postgres://here' };
  const rows = async (sql: string): Promise<unknown[]> => (await client.query(sql)).rows;
  const version = async (): Promise<unknown> =>
    (await client.query<{ version: number }>('SELECT version FROM steps.schema_version')).rows[0]
      ?.version;

  test('a schema of an older version gets only the missing steps, and keeps its rows', async () => {
    await migrate(client, place, STEPS.slice(0, 1));
    expect(await version()).toBe(1);
    await client.query('INSERT INTO steps.thing VALUES (5)');
    await migrate(client, place, STEPS);
    expect(await version()).toBe(3);
    expect(await rows('SELECT a, b FROM steps.thing ORDER BY a')).toEqual([
      { a: 1, b: 3 },
      { a: 5, b: 7 },
    ]);
    await migrate(client, place, STEPS);
    expect(await version()).toBe(3);
  });

  test('a failing step leaves the previous version, and nothing of the steps before it', async () => {
    await migrate(client, place, STEPS.slice(0, 1));
    const broken = [...STEPS.slice(0, 2), 'UPDATE nothing SET c = 1'];
    await expect(migrate(client, place, broken)).rejects.toThrow(/nothing/u);
    expect(await version()).toBe(1);
    expect(await rows('SELECT * FROM steps.thing')).toEqual([{ a: 1 }]);
  });

  test('a creation that fails leaves no schema', async () => {
    await expect(migrate(client, place, ['SELECT 1 / 0'])).rejects.toThrow(/division/u);
    expect(await rows(`SELECT 1 FROM pg_namespace WHERE nspname = 'steps'`)).toEqual([]);
  });

  test('several processes that migrate at the same time run each step once', async () => {
    const clients = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const other = new pg.Client({ connectionString: url });
        await other.connect();
        return other;
      }),
    );
    await Promise.all(clients.map((other) => migrate(other, place, STEPS)));
    expect(await rows('SELECT a, b FROM steps.thing')).toEqual([{ a: 1, b: 3 }]);
    await Promise.all(clients.map((other) => other.end()));
  });

  test('a new database gets the current version', async () => {
    await (await openPostgresStore({ url })).close();
    const { rows: found } = await client.query('SELECT version FROM sendemall_mock.schema_version');
    expect(found).toEqual([{ version: SCHEMA_VERSION }]);
  });

  test('a user who may only use the schema can open it', async () => {
    await (await openPostgresStore({ url })).close();
    await client.query(`
      CREATE ROLE worker LOGIN;
      REVOKE CREATE ON DATABASE ${new URL(url).pathname.slice(1)} FROM PUBLIC;
      GRANT USAGE ON SCHEMA sendemall_mock TO worker;
      GRANT ALL ON ALL TABLES IN SCHEMA sendemall_mock TO worker;
      GRANT ALL ON ALL SEQUENCES IN SCHEMA sendemall_mock TO worker`);
    const asWorker = new URL(url);
    asWorker.username = 'worker';
    const store = await openPostgresStore({ url: asWorker.href });
    await store.checkWritable();
    await store.close();
  });
});

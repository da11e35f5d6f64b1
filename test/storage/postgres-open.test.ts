/**
 * Opening a database: what cannot be used is refused with the cause and the remedy, and without the password.
 *
 * @module
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';
import { startTransactionPooler } from '../support/transaction-pooler.ts';

const PASSWORD = 'sw0rdfish';

/** Expects that opening fails with a message of this form. */
const expectRefused = async (url: string, message: RegExp): Promise<void> => {
  const error = (await openPostgresStore({ url }).catch((reason: unknown) => reason)) as Error;
  expect(error).toMatchObject({ name: 'StoreError' });
  expect(error.message).toMatch(message);
  expect(error.message).toMatch(/^Cannot keep state in \S+: .*\. .*\.$/u);
  expect(error.message).not.toContain(PASSWORD);
  expect(JSON.stringify(error)).not.toContain(PASSWORD);
};

describe('a URL is refused if', () => {
  test.each([
    ['it is not one', `user:${PASSWORD}@host`, /in …@host: it is not a PostgreSQL URL/u],
    ['it is that of another database', `mysql://u:${PASSWORD}@h/d`, /mysql:\/\/…@h\/d: it is not/u],
    [
      'its port is not a number',
      `postgres://u:${PASSWORD}@h:port/d`,
      /it is not a PostgreSQL URL/u,
    ],
    [
      'its sslmode is unknown',
      `postgres://u:${PASSWORD}@h/d?sslmode=on`,
      /sslmode "on" is unknown.*require/u,
    ],
    [
      'its sslmode needs a certificate authority',
      `postgres://u:${PASSWORD}@h/d?sslmode=verify-ca`,
      /verify-ca needs a certificate authority.*sslrootcert/u,
    ],
    [
      'its file of certificates does not exist',
      `postgres://u:${PASSWORD}@h/d?sslmode=verify-ca&sslrootcert=/no/such/file.pem`,
      /the file \/no\/such\/file\.pem cannot be read\. Check sslrootcert/u,
    ],
    [
      'its host is unknown',
      `postgres://u:${PASSWORD}@host.invalid/d`,
      /its host (name cannot be looked up|is unknown)/u,
    ],
    [
      'nothing listens there',
      `postgres://u:${PASSWORD}@127.0.0.1:1/d`,
      /127\.0\.0\.1:1\/d: nothing listens there\. Start PostgreSQL/u,
    ],
    [
      'its socket does not exist',
      `postgres://u:${PASSWORD}@/d?host=/no/such/folder`,
      /its socket does not exist/u,
    ],
  ])('%s', async (_title, url, message) => {
    await expectRefused(url, message);
  });

  test('the server closes the connection at once', async () => {
    const server: Server = createServer((socket) => socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expectRefused(
      `postgres://u:${PASSWORD}@127.0.0.1:${port}/d`,
      /closed at once|does not respond|reset/u,
    );
    server.close();
  });
});

describe.skipIf(noPostgres !== null)('a server', () => {
  let server: PostgresServer;
  let url: string;
  let admin: pg.Client;
  beforeAll(async () => {
    server = await startPostgres();
    admin = new pg.Client({ connectionString: server.url() });
    await admin.connect();
    await admin.query(`CREATE ROLE guest LOGIN PASSWORD '${PASSWORD}x'`);
    const { rows } = await admin.query<{ file: string }>(
      `SELECT current_setting('hba_file') AS file`,
    );
    const file = rows[0]!.file;
    writeFileSync(file, `host all guest all scram-sha-256\n${readFileSync(file, 'utf8')}`);
    await admin.query('SELECT pg_reload_conf()');
  });
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });
  beforeEach(async () => {
    url = await server.createDatabase();
  });

  const as = (user: string, password: string): string => {
    const changed = new URL(url);
    Object.assign(changed, { username: user, password });
    return changed.href;
  };
  const query = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(sql);
    await client.end();
  };

  test('refuses a wrong password', async () => {
    await expectRefused(
      as('guest', PASSWORD),
      /guest@.*: the password is wrong\. Check user and password/u,
    );
  });
  test('asks for a password that is missing', async () => {
    await expectRefused(as('guest', ''), /asks for a password.*PGPASSWORD/u);
  });
  test('does not know the database', async () => {
    await expectRefused(
      server.url('nowhere'),
      /the database does not exist\. Create it with createdb/u,
    );
  });
  test('gives no right to create the schema', async () => {
    await query(`REVOKE CREATE ON DATABASE ${new URL(url).pathname.slice(1)} FROM PUBLIC`);
    await expectRefused(
      as('guest', `${PASSWORD}x`),
      /may not create or use the schema sendemall_mock.*GRANT CREATE/u,
    );
  });
  test('does not speak TLS', async () => {
    await expectRefused(`${url}?sslmode=require`, /does not speak TLS.*sslmode=disable/u);
  });
  test('is read-only', async () => {
    await query(
      `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`,
    );
    await expectRefused(url, /the server is read-only/u);
  });
  test('is too old', async () => {
    // No server of that age is at hand: a real one, whose version is changed on the way.
    const { rows } = await admin.query<{ major: number }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS major`,
    );
    const proxy = createServer((client) => {
      const upstream = connect(server.port, '127.0.0.1');
      client.pipe(upstream);
      upstream.on('data', (chunk: Buffer) => {
        const text = chunk.toString('latin1');
        const version = new RegExp(`(?<!\\d)${rows[0]!.major}(?=\\d{4}\\b|\\.\\d)`, 'gu');
        client.write(Buffer.from(text.replace(version, '12'), 'latin1'));
      });
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
      client.on('close', () => upstream.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const through = new URL(url);
    through.port = String((proxy.address() as AddressInfo).port);
    await expectRefused(
      through.href,
      /the server is PostgreSQL 12\.\d+\. Update it to version 13 or later/u,
    );
    proxy.close();
  });
  test('has a schema of a newer version', async () => {
    await (await openPostgresStore({ url })).close();
    await query('UPDATE sendemall_mock.schema_version SET version = 999');
    await expectRefused(url, /newer version.*999.*Update sendemall-mock/u);
    await query('SELECT * FROM sendemall_mock.part');
  });
  test('has a schema of this name that belongs to another program', async () => {
    await query('CREATE SCHEMA sendemall_mock; CREATE TABLE sendemall_mock.theirs (a int)');
    await expectRefused(url, /schema sendemall_mock belongs to another program/u);
  });
  test('is reached through a pooler in transaction mode', async () => {
    const pooler = await startTransactionPooler(server.port);
    const through = new URL(url);
    through.port = String(pooler.port);
    await expectRefused(through.href, /pooler in transaction mode.*pool_mode=session/u);
    await pooler.stop();
  });
  test('is reached by a URL whose password is shown nowhere', async () => {
    const store = await openPostgresStore({ url: as('tester', PASSWORD) });
    expect(store.location).toBe(
      `postgres://tester@127.0.0.1:${server.port}${new URL(url).pathname}`,
    );
    await store.close();
  });

  test('locks out a second process until the first one closes', async () => {
    const store = await openPostgresStore({ url });
    await expectRefused(
      url,
      /it is open in another process \(server process \d+, from 127\.0\.0\.1.*\)\. Stop the other sandbox/u,
    );
    await store.close();
    await (await openPostgresStore({ url })).close();
  });
  test('keeps several sandboxes in schemas of their own', async () => {
    const one = await openPostgresStore({ url });
    const other = await openPostgresStore({ url, schema: 'Other "one"' });
    const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;
    await one.openAccount('a', { seed: 1, clock });
    expect(await other.accountsWithWork()).toEqual([]);
    await one.close();
    await other.close();
  });
  test('gets one schema from several processes that open it at the same time', async () => {
    const fence = { epochOf: () => null, lost: () => undefined };
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => openPostgresStore({ url, fence })),
    );
    await Promise.all(stores.map((store) => store.close()));
  });
});

/**
 * Connections to a PostgreSQL server over TLS, by `sslmode`.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';
import { selfSigned } from '../support/tls.ts';

describe.skipIf(noPostgres !== null)('a server with a self-signed certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-tls-'));
  const [authority, stranger] = [join(folder, 'authority.pem'), join(folder, 'stranger.pem')];
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    const { key, cert } = selfSigned();
    await server.restart('fast', {
      ssl: 'on',
      ssl_cert_file: server.writeFile('server.crt', cert),
      ssl_key_file: server.writeFile('server.key', key),
    });
    writeFileSync(authority, cert);
    writeFileSync(stranger, selfSigned().cert);
    url = await server.createDatabase();
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  /** @returns "opened", or why it was refused */
  const opened = async (query: string): Promise<string> => {
    try {
      await (await openPostgresStore({ url: `${url}?${query}` })).close();
      return 'opened';
    } catch (error) {
      return (error as Error).message;
    }
  };
  /** The same database under the name in the certificate. */
  const byName = (query: string): Promise<string> => {
    url = url.replace('127.0.0.1', 'localhost');
    return opened(query).finally(() => (url = url.replace('localhost', '127.0.0.1')));
  };

  test('is used without a check by sslmode=require, and encrypted', async () => {
    expect(await opened('sslmode=require')).toBe('opened');
    const client = new pg.Client({
      connectionString: `${url}?sslmode=require&uselibpqcompat=true`,
    });
    await client.connect();
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await client.end();
    expect(rows).toEqual([{ ssl: true }]);
  });

  test('is refused by sslmode=verify-full, with the remedy', async () => {
    expect(await opened('sslmode=verify-full')).toMatch(
      /its TLS certificate is not accepted \(.*\)\. Add &sslrootcert=<file>.*sslmode=require/u,
    );
  });

  test('is accepted if its certificate is given as the authority', async () => {
    expect(await opened(`sslmode=verify-ca&sslrootcert=${authority}`)).toBe('opened');
    expect(await byName(`sslmode=verify-full&sslrootcert=${authority}`)).toBe('opened');
  });

  test('is refused if another authority is given, or its name is another one', async () => {
    const refused = /its TLS certificate is not accepted/u;
    expect(await opened(`sslmode=verify-ca&sslrootcert=${stranger}`)).toMatch(refused);
    expect(await opened(`sslmode=verify-full&sslrootcert=${authority}`)).toMatch(refused);
  });
});

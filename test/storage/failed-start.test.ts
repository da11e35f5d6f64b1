/**
 * A sandbox that fails to start does not create a database, or releases it.
 *
 * @module
 */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { MockOptionError, type MockOptions } from '../../src/mock-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-failed-start-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[keyof MockOptions, unknown]>([
  ['clock', 'backwards'],
  ['clockStart', 'yesterday'],
  ['seed', -1],
  ['attemptTimeoutMs', 0],
  ['concurrency', 0],
  ['port', 65_536],
  ['allowedHosts', ['http://a/b']],
  ['chaos', 'some'],
  ['profile', 'splendid'],
])(
  'an invalid option %s (%j) is rejected before the database is created',
  async (option, value) => {
    const db = join(folder, `${option}.db`);
    const starting = createMock({ db, [option]: value });
    await expect(starting).rejects.toThrow(MockOptionError);
    await expect(starting).rejects.toMatchObject({ option });
    expect(existsSync(db)).toBe(false);
  },
);

test('a port in use releases the database', async () => {
  const db = join(folder, 'port.db');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(createMock({ db, port })).rejects.toThrow(String(port));
  server.close();
  await using mock = await createMock({ db, port: null });
  expect(mock.url).toBe('http://localhost');
});

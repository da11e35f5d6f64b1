/**
 * Options of a node: what cannot work is refused with cause and remedy, and no password is printed.
 *
 * @module
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { environment, run } from '../support/process.ts';

const bin = fileURLToPath(new URL('../../src/cli/bin.js', import.meta.url));
const cwd = fileURLToPath(new URL('.', import.meta.url));

/** Nothing listens on port 1. */
const DB = 'postgres://user:hidden-password@127.0.0.1:1/sandbox';

describe('serve', () => {
  test.each([
    ['a database that is not there', [], /127\.0\.0\.1:1\/sandbox: nothing listens there\. Start/u],
    [
      'a receiver to register',
      ['--forward-to', 'http://localhost:3000/hook'],
      /Register it once, with POST \/v1\/webhooks/u,
    ],
    ['an invalid node URL', ['--node-url', 'ftp://x'], /Invalid --node-url "ftp:\/\/x"/u],
  ])('refuses %s', async (_what, flags, message) => {
    const args = [bin, 'serve', '--port', '0', '--db', DB, ...flags];
    const { status, output } = await run(process.execPath, args, { cwd, env: environment() });
    expect(status).toBe(2);
    expect(output).toMatch(message);
    expect(output).not.toContain('hidden-password');
  });
});

describe('createMock', () => {
  test.each(['', 'node-1:7363', 'http://user@node-1:7363', 'http://node-1:7363/path', 'https://x'])(
    'refuses the node URL %j',
    async (nodeUrl) => {
      await expect(createMock({ db: DB, nodeUrl })).rejects.toThrow(/^Invalid nodeUrl/u);
    },
  );

  test('refuses a node URL without PostgreSQL', async () => {
    await expect(createMock({ nodeUrl: 'http://node-1:7363' })).rejects.toThrow(/PostgreSQL/u);
  });
});

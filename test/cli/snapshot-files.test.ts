/**
 * Snapshots that do not fit into memory, from and to a file.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { run, type Ran } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-snapshot-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a snapshot of more than 64 MiB is saved and loaded', { timeout: 120_000 }, async () => {
  await using mock = await createMock({ clock: 'frozen', rateLimit: false });
  const env = { SENDEMALL_MOCK_SANDBOX_URL: mock.url, SENDEMALL_MOCK_API_KEY: 'large' };
  const api = apiOf(mock.url, env.SENDEMALL_MOCK_API_KEY);
  const cli = (...line: string[]): Promise<Ran> => run(line, { env });
  const data = { note: 'x'.repeat(400_000) };
  for (let round = 0; round < 5; round += 1) {
    const ask = { event: 'email.replied', data, count: 40 };
    expect((await api.send('POST', '/_sandbox/events', ask)).status).toBe(202);
  }
  const [first, second] = [join(folder, 'large.json'), join(folder, 'again.json')];
  const large = await cli('snapshot', 'save', first);
  expect(large).toMatchObject({ status: 0 });
  expect(large.stderr).not.toContain('cannot load it');
  expect(statSync(first).size).toBeGreaterThan(67_108_864);
  expect(await cli('reset')).toMatchObject({ status: 0 });
  expect(await cli('snapshot', 'load', first)).toMatchObject({ status: 0 });
  expect(await cli('snapshot', 'save', second)).toMatchObject({ status: 0 });
  // The head holds the time of saving.
  const rows = (file: string): Buffer => {
    const text = readFileSync(file);
    return text.subarray(text.indexOf('"tables"'));
  };
  expect(rows(second).equals(rows(first))).toBe(true);
});

/**
 * A body of many megabytes that is not JSON: refused at its first error, without reading on for more.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../schemas/contract.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

test('that consists of errors is answered with the first, and takes no memory for the others', async () => {
  const body = `[${','.repeat(LIMITS.maxSnapshotBytes - 1)}`;
  const before = process.memoryUsage().rss;
  const { status, error } = await apiOf(mock.url).send('PUT', '/_sandbox/snapshot', body);
  expect([status, error.code]).toEqual([400, 'MALFORMED_JSON']);
  expect(error.message).toContain('line 1, column 2 (offset 1)');
  // The body itself is there several times, as bytes and as text, on both sides; each error took 40 bytes.
  expect(process.memoryUsage().rss - before).toBeLessThan(16 * LIMITS.maxSnapshotBytes);
});

test('whose first error comes late is refused, too', async () => {
  const body = `[${'1,'.repeat(1_000_000)}]`;
  const { status, error } = await apiOf(mock.url).send('PUT', '/_sandbox/snapshot', body);
  expect([status, error.code]).toEqual([400, 'MALFORMED_JSON']);
  expect(error.message).toContain('its first error comes after character 1048576');
});

/**
 * A body of many megabytes that is not JSON: refused at its first error, without reading on for more.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';

const BYTES = 67_108_864;

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

test('that consists of errors is answered with the first, and takes no memory for the others', async () => {
  const body = `[${','.repeat(BYTES - 1)}`;
  const before = process.memoryUsage().rss;
  const { status, error } = await apiOf(mock.url).send('PUT', '/_sandbox/snapshot', body);
  expect([status, error.code]).toEqual([400, 'MALFORMED_JSON']);
  expect(error.message).toContain('line 1, column 2 (offset 1)');
  // The body itself is there several times, as bytes and as text, on both sides; each error took 40 bytes.
  expect(process.memoryUsage().rss - before).toBeLessThan(16 * BYTES);
});

test('whose first error comes late is refused, too', async () => {
  const body = `{"tables":{"event":[${'{},'.repeat(1_000_000)}]}}`;
  const { status, error } = await apiOf(mock.url).send('PUT', '/_sandbox/snapshot', body);
  expect([status, error.code]).toEqual([400, 'MALFORMED_JSON']);
  expect(error.message).toContain('the first error is after character 1048576');
});

test.each([
  ['a list that is cut', '{"a":{"b":[1,2', 'line 1, column 15'],
  ['a list that ends with a comma', '{"a":{"b":[1,2,]}}', 'line 1, column 16'],
  ['a list that is closed as an object', '{"a":{"b":[1,2}}', 'line 1, column 15'],
  ['text after the end', '{"a":{"b":[1]}} x', 'line 1, column 17'],
  ['a single quote', "{'a':1}", 'line 1, column 2'],
])('%s is not JSON', async (_, body, place) => {
  const { status, error } = await apiOf(mock.url).send('PUT', '/_sandbox/snapshot', body);
  expect([status, error.code]).toEqual([400, 'MALFORMED_JSON']);
  expect(error.message).toContain(place);
});

test.each([
  ['outside the rows of tables', `{"a":"${'x'.repeat(2_000_000)}"}`, '1048576 characters outside'],
  ['of a single row', `{"a":{"b":["${'x'.repeat(9_000_000)}"]}}`, 'A row has more than 8388608'],
  ['of nesting', `{"a":{"b":[${'['.repeat(100)}${']'.repeat(100)}]}}`, 'more than 100 levels'],
  ['of lists that are never closed', '['.repeat(1_000_000), 'more than 100 levels'],
  ['of objects that are never closed', '{"a":'.repeat(200_000), 'more than 100 levels'],
  ['of rows', `{"tables":{"event":[${'[],'.repeat(9_000_000)}[]]}}`, '8388608 rows'],
  [
    'of values in a row',
    `{"a":{"b":[[${'[],'.repeat(200_000)}[]]]}}`,
    'A row has more than 131072 values',
  ],
])('more than a snapshot can have %s is refused', async (_, body, words) => {
  const { status, error } = await apiOf(mock.url).send('PUT', '/_sandbox/snapshot', body);
  expect([status, error.code]).toEqual([422, 'VALIDATION_FAILED']);
  expect(error.message).toContain(words);
});

test.each([[null], [1], ['row'], [[]]])('a row that is %j is refused by its place', async (row) => {
  const clock = { mode: 'frozen', rate: 0, anchor_virtual: 1, anchor_wall: 1 };
  const body = { version: 3, clock, tables: { command: [row] } };
  const { status, error } = await apiOf(mock.url).send('PUT', '/_sandbox/snapshot', body);
  expect([status, error.code]).toEqual([422, 'VALIDATION_FAILED']);
  expect(error.message).toContain('tables.command[0]');
});

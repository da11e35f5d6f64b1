/**
 * Errors of a start, worded by more than one entry point.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { StartError } from '../../src/domain/start-error.ts';

const error = new StartError(
  { option: 'db', value: '/data/a.db' },
  'Cannot keep state in /data/a.db: it is damaged',
  (option) => `Pass another ${option}, or restore the file.`,
);

test('the message of a start error names the option as in code', () => {
  expect(error).toMatchObject({ name: 'StartError', option: 'db', value: '/data/a.db' });
  expect(error.message).toBe(
    'Cannot keep state in /data/a.db: it is damaged. Pass another db, or restore the file.',
  );
});

test('a start error can be described with the name of a flag', () => {
  expect(error.describe('--db')).toBe(
    'Cannot keep state in /data/a.db: it is damaged. Pass another --db, or restore the file.',
  );
});

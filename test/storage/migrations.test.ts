/**
 * Migrations: forward only, each in one transaction, starting at the version of the file.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from '../../src/storage/sqlite/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-migrate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const version = (db: DatabaseSync): unknown =>
  db.prepare('PRAGMA user_version').get()?.['user_version'];

const STEPS = [
  'CREATE TABLE thing (a); INSERT INTO thing VALUES (1)',
  'ALTER TABLE thing ADD COLUMN b DEFAULT 2',
  'UPDATE thing SET b = b + a',
];

test('a file of an older version gets only the missing steps, and keeps its rows', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, 0, STEPS.slice(0, 1));
  expect(version(db)).toBe(1);
  db.exec('INSERT INTO thing VALUES (5)');
  migrate(db, 1, STEPS);
  expect(version(db)).toBe(3);
  expect(db.prepare('SELECT a, b FROM thing').all()).toEqual([
    { a: 1, b: 3 },
    { a: 5, b: 7 },
  ]);
  migrate(db, 3, STEPS);
  expect(version(db)).toBe(3);
});

test('a failing step leaves the previous version and is rolled back', () => {
  const db = new DatabaseSync(':memory:');
  const broken = [STEPS[0] ?? '', 'ALTER TABLE thing ADD COLUMN b; UPDATE nothing SET c = 1'];
  expect(() => migrate(db, 0, broken)).toThrow(/nothing/u);
  expect(version(db)).toBe(1);
  expect(db.prepare('SELECT * FROM thing').all()).toEqual([{ a: 1 }]);
  expect(db.isTransaction).toBe(false);
});

test('a file whose creation was interrupted is completed', async () => {
  const file = join(folder, 'cut-short.db');
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA application_id = ${APPLICATION_ID}`);
  db.close();
  await (await openSqliteStore({ file })).close();
  const after = new DatabaseSync(file);
  expect(version(after)).toBe(SCHEMA_VERSION);
  after.close();
});

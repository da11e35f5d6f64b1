/**
 * `createMock` and `startSandbox` on PostgreSQL: with `TEST_STORE=postgres`, the tests' imports of `src/create-mock.ts` lead
 * here. Each sandbox without a file of its own gets an empty database.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import * as onFiles from '../../src/create-mock.ts';
import type { LooseMockOptions, MockOptions } from '../../src/mock-options.ts';

export { SCENARIOS } from '../../src/create-mock.ts';
export type { EntryPoint, Mock, StartedSandbox } from '../../src/create-mock.ts';

/** @returns its URL */
const createDatabase = async (): Promise<string> => {
  const url = new URL(inject('postgresUrl'));
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  const name = `sandbox_${randomBytes(6).toString('hex')}`;
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  url.pathname = `/${name}`;
  return url.href;
};

const placed = async <Options extends { readonly db?: string | null }>(
  options: Options,
): Promise<Options> =>
  typeof options.db === 'string' ? options : { ...options, db: await createDatabase() };

export const createMock = async (options: MockOptions = {}): Promise<onFiles.Mock> =>
  onFiles.createMock(await placed(options));

export const startSandbox = async (
  options: LooseMockOptions = {},
  entryPoint: onFiles.EntryPoint = {},
): Promise<onFiles.StartedSandbox> => onFiles.startSandbox(await placed(options), entryPoint);

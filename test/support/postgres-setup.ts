/**
 * Starts one PostgreSQL for a run of the tests with `TEST_STORE=postgres`.
 *
 * @module
 */
import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a database of the server. */
    postgresUrl: string;
  }
}

/** @returns a function that stops it */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await startPostgres({ fsync: 'off', max_connections: '300' });
  project.provide('postgresUrl', server.url());
  return () => server.stop();
};

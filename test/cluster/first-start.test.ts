/**
 * Several nodes that start on an empty database at the same time.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';

describe.skipIf(noPostgres !== null)('an empty database', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  test('is set up once by nodes that start at the same time', async () => {
    const db = await server.createDatabase();
    const nodes = await Promise.all(Array.from({ length: 5 }, () => startSandbox({ db })));
    const answers = await Promise.all(nodes.map(({ url }) => apiOf(url).get('/_sandbox/clock')));
    const owners = answers.map(({ headers }) => headers.get('x-sendemall-node'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(new Set(owners).size).toBe(1);
    await Promise.all(nodes.map((node) => node.close(0)));
  });
});

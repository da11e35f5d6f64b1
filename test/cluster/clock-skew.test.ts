/**
 * Nodes whose machines disagree about the date: an account that another node takes over keeps its time.
 *
 * @module
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServeIn, type ServeProcess } from '../durability/serve-process.ts';
import { apiOf } from '../support/api.ts';
import { noFaketime, shiftedDate } from '../support/faketime.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';
import { freePort } from '../support/process.ts';

const HOUR_MS = 3_600_000;
const missing = noPostgres ?? noFaketime;

describe.skipIf(missing !== null)(
  `nodes with different dates${missing === null ? '' : `: skipped, ${missing}`}`,
  () => {
    let server: PostgresServer;
    const running: ServeProcess[] = [];
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.stop());
    afterEach(async () => {
      for (const node of running.splice(0)) await node[Symbol.asyncDispose]();
    });
    const start = async (db: string, offset: string): Promise<ServeProcess> => {
      const env = shiftedDate({ FAKETIME: offset });
      const node = await startServeIn(env, await freePort(), '--db', db, '--json');
      running.push(node);
      return node;
    };
    const timeAt = async ({ url }: ServeProcess): Promise<number> =>
      Date.parse((await apiOf(url).get<{ now: string }>('/_sandbox/clock')).data.now);

    test.each([
      ['ahead', '+0h', '+2h'],
      ['behind', '+0h', '-2h'],
      ['right again', '+2h', '+0h'],
    ])(
      'the time of an account does not jump when a node that is %s takes it over',
      { timeout: 120_000 },
      async (_, ownersOffset, othersOffset) => {
        const db = await server.createDatabase();
        const owner = await start(db, ownersOffset);
        const other = await start(db, othersOffset);
        const before = await timeAt(owner);
        expect(Math.abs(before - Date.now())).toBeLessThan(HOUR_MS);
        await owner.end('SIGKILL');
        const after = await timeAt(other);
        expect(after).toBeGreaterThanOrEqual(before);
        expect(after).toBeLessThan(before + HOUR_MS);
      },
    );

    test('a node says how far its date is off', { timeout: 60_000 }, async () => {
      const db = await server.createDatabase();
      const node = await start(db, '-2h');
      expect(node.output()).toContain('behind that of the database');
      const right = await start(db, '+0h');
      expect(right.output()).not.toContain('that of the database');
    });
  },
);

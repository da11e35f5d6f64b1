/**
 * Failures of the server while a store is open: no commit is lost, doubled, or reported wrongly.
 *
 * @module
 */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StoreFailure } from '../../src/domain/store-failure.ts';
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import type { NewEvent, Store } from '../../src/storage/store.ts';
import { attempt, clock } from '../contract/store/fixture.ts';
import { eventually } from '../support/eventually.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';

describe.skipIf(noPostgres !== null)('a PostgreSQL server that fails', () => {
  let server: PostgresServer;
  let url: string;
  let store: Store;
  let account: number;
  let webhook: number;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    url = await server.createDatabase();
    store = await openPostgresStore({ url });
    ({ key: account } = await store.openAccount('a', { seed: 1, clock }));
    const fields = { id: 'whk_1', url: 'http://127.0.0.1:9/', events: ['*'] } as const;
    const created = await store.createWebhook(
      account,
      { ...fields, secret: 'whsec_failures', status: 'active', createdAt: 0 },
      9,
    );
    webhook = created?.key ?? 0;
  });
  afterEach(() => store.close());

  const query = async (sql: string, values: unknown[] = []): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: server.url() });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.query(sql, values);
    } finally {
      await client.end();
    }
  };
  const database = (): string => new URL(url).pathname.slice(1);
  const killSessions = (): Promise<unknown> =>
    query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'sendemall-mock'`,
      [database()],
    );

  const event = (number: number): NewEvent => ({
    event: { id: `evt_${number}`, type: 'email.sent', createdAt: 0, body: '{}' },
    deliveries: [{ webhook, dueAt: 0, claimed: true }],
  });

  /** Publishes and records, one delivery after the other, until `isEnough`. @returns how many */
  const deliver = async (first: number, isEnough: (count: number) => boolean): Promise<number> => {
    let count = 0;
    while (!isEnough(count)) {
      const result = await store.publish(account, [event(first + count)]);
      if (result.duplicateId !== null) throw new Error(`${result.duplicateId} exists already`);
      const [delivery = 0] = result.deliveries;
      const ended = attempt(1, { outcome: 'delivered', error: null, nextAttemptAt: null });
      const refused = await store.recordAttempts([
        { delivery, attempt: ended, status: 'delivered' },
      ]);
      expect(refused).toEqual([]);
      count += 1;
    }
    return count;
  };

  /** Delivers on three lines at once while `disturb` runs. @returns how many */
  const deliverDuring = async (disturb: () => Promise<void>): Promise<number> => {
    let isOver = false;
    const disturbed = disturb().finally(() => {
      isOver = true;
    });
    const counts = await Promise.all(
      [1, 2, 3].map((line) => deliver(line * 100_000, (count) => isOver && count > 0)),
    );
    await disturbed;
    return counts.reduce((sum, one) => sum + one);
  };

  const expectStored = async (count: number): Promise<void> => {
    const { events, deliveries } = await store.counts(account);
    expect({ events, delivered: deliveries.delivered }).toEqual({
      events: count,
      delivered: count,
    });
    await store.close();
    store = await openPostgresStore({ url });
    await store.openAccount('a', { seed: 1, clock });
    expect(await store.counts(account)).toMatchObject({ events, deliveries });
    const listed = await store.listDeliveries(account, {}, { limit: count + 1 });
    expect(listed.map(({ attemptsMade }) => attemptsMade)).toEqual(Array(count).fill(1));
    // Numbers without a gap: nothing was written twice under another number.
    expect(listed[0]?.id).toBe(`dlv_${count}`);
  };

  test('loses and doubles nothing when its sessions are killed while they commit', async () => {
    const count = await deliverDuring(async () => {
      for (let kills = 0; kills < 30; kills += 1) await killSessions();
    });
    await expectStored(count);
  });

  test.each(['fast', 'immediate'] as const)(
    'loses and doubles nothing when it is restarted (%s) while it commits',
    async (mode) => {
      const count = await deliverDuring(async () => {
        for (let restarts = 0; restarts < 3; restarts += 1) {
          const { events } = await store.counts(account);
          await server.restart(mode);
          await eventually(async () => {
            expect((await store.counts(account)).events).toBeGreaterThan(events);
          });
        }
      });
      await expectStored(count);
    },
  );

  test('gives a failure while it is down, and goes on when it is back', async () => {
    const failures: StoreFailure[] = [];
    store.onFailure((failure) => failures.push(failure));
    await store.publish(account, [event(1)]);
    await query(`ALTER DATABASE ${database()} ALLOW_CONNECTIONS false`);
    await killSessions();
    await eventually(() => expect(store.checkWritable()).rejects.toThrow(StoreFailure));
    expect(failures.length).toBeGreaterThan(0);
    await query(`ALTER DATABASE ${database()} ALLOW_CONNECTIONS true`);
    await eventually(() => store.checkWritable());
    expect(await store.listDeliveries(account, { status: 'in_flight' }, { limit: 9 })).toHaveLength(
      1,
    );
  });

  test('gives a failure if another process has opened the database while the connection was lost', async () => {
    await killSessions();
    const other = await eventually(() => openPostgresStore({ url }));
    await other.openAccount('a', { seed: 1, clock });
    await other.close();
    await expect(store.publish(account, [event(1)])).rejects.toMatchObject({
      name: 'StoreFailure',
      reason: 'busy',
    });
  });

  test('refuses writes while its disk is full, serves reads, and takes writes again', async () => {
    await store.publish(account, [event(1)]);
    const full = `CREATE FUNCTION sendemall_mock.disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON sendemall_mock.part EXECUTE FUNCTION sendemall_mock.disk_full();`;
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(full);
    const failure = { name: 'StoreFailure', reason: 'full' };
    await expect(store.publish(account, [event(2)])).rejects.toMatchObject(failure);
    const [flying] = await store.listDeliveries(account, {}, { limit: 9 });
    expect(flying?.status).toBe('in_flight');
    const ended = attempt(1, { outcome: 'delivered', error: null, nextAttemptAt: null });
    const record = { delivery: flying?.seq ?? 0, attempt: ended, status: 'delivered' } as const;
    await expect(store.recordAttempts([record])).rejects.toMatchObject(failure);
    await client.query('DROP TRIGGER disk_full ON sendemall_mock.part');
    await client.end();
    expect(await store.recordAttempts([record])).toEqual([]);
    expect(await store.publish(account, [event(2)])).toMatchObject({ duplicateId: null });
  });
});

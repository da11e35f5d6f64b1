/**
 * Leases in PostgreSQL: who owns an account, and what happens when its owner dies, sleeps or leaves.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock/system.ts';
import { openDirectory, type FencedDirectory } from '../../src/cluster/leases.ts';
import type { Account } from '../../src/domain/account.ts';
import type { Webhook } from '../../src/domain/delivery.ts';
import { LeaseLost } from '../../src/domain/lease-lost.ts';
import { openPostgresStore } from '../../src/storage/postgres/postgres-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { attempt } from '../contract/store/fixture.ts';
import { eventually } from '../support/eventually.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';

const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;
const initial = { seed: 1, clock };

/** Short enough for a test that waits until leases expire. */
const SHORT_TTL_MS = 1500;

interface Node {
  readonly directory: FencedDirectory;
  readonly store: Store;
  readonly taken: string[];
  readonly lost: string[];
}

const file = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** A process that owns the account `child`, which has work, and writes when it gets a message. */
const CHILD = `
  import { systemClock } from ${file('../../src/clock/system.ts')};
  import { openDirectory } from ${file('../../src/cluster/leases.ts')};
  import { openPostgresStore } from ${file('../../src/storage/postgres/postgres-store.ts')};
  const [, url, ttlMs] = process.argv;
  const directory = await openDirectory({ url, nodeUrl: 'http://child', clock: systemClock, ttlMs: Number(ttlMs) });
  const store = await openPostgresStore({ url, fence: directory.fence });
  directory.onLost((keyHash) => console.log('lost ' + keyHash));
  await directory.start();
  await directory.locate('child');
  const account = await store.openAccount('child', ${JSON.stringify(initial)});
  await store.appendCommand(account.key, { at: 0, emitted: 0, body: '{}' });
  console.log('open');
  process.on('message', () => {
    store.saveEmitted(account.key, 5).then(() => console.log('written'), (error) => console.log(error.name));
  });
`;

describe.skipIf(noPostgres !== null)('leases', () => {
  let server: PostgresServer;
  let url: string;
  let client: pg.Client;
  const nodes: Node[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  const connectClient = async (): Promise<void> => {
    client = new pg.Client({ connectionString: url });
    await client.connect();
  };
  beforeEach(async () => {
    url = await server.createDatabase();
    await connectClient();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const { directory, store } of nodes.splice(0)) {
      await directory.stop();
      await store.close();
    }
    await client.end();
  });

  const startNode = async (ttlMs?: number, graceMs?: number): Promise<Node> => {
    const directory = await openDirectory({
      url,
      nodeUrl: `http://node-${nodes.length + 1}`,
      clock: systemClock,
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(graceMs === undefined ? {} : { graceMs }),
    });
    const store = await openPostgresStore({ url, fence: directory.fence });
    const node: Node = { directory, store, taken: [], lost: [] };
    directory.onTaken(async (keyHash) => {
      node.taken.push(keyHash);
    });
    directory.onLost((keyHash) => node.lost.push(keyHash));
    await directory.start();
    nodes.push(node);
    return node;
  };

  const startChild = async (ttlMs: number): Promise<[ChildProcess, () => string]> => {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', CHILD, url, String(ttlMs)],
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
    );
    children.push(child);
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => expect(output).toContain('open'));
    return [child, () => output];
  };

  /** Opens an account with one pending delivery. */
  const openWithWork = async (
    { directory, store }: Node,
    keyHash: string,
  ): Promise<{ account: Account; webhook: Webhook }> => {
    await directory.locate(keyHash);
    const account = await store.openAccount(keyHash, initial);
    const webhook = await store.createWebhook(
      account.key,
      {
        id: 'whk_1',
        url: 'http://127.0.0.1:9/',
        events: ['*'],
        secret: 'whsec_leases',
        status: 'active',
        createdAt: 0,
      },
      9,
    );
    if (webhook === null) throw new Error('the account has too many webhooks');
    const event = { id: 'evt_1', type: 'email.sent', createdAt: 0, body: '{}' } as const;
    const deliveries = [{ webhook: webhook.key, dueAt: 0, claimed: false }];
    await store.publish(account.key, [{ event, deliveries }]);
    return { account, webhook };
  };

  /** Ends a lease behind the back of its owner. */
  const steal = (keyHash: string): Promise<unknown> =>
    client.query(
      'UPDATE sendemall_mock.account_lease SET epoch = epoch + 1, node = NULL WHERE key_hash = $1',
      [keyHash],
    );

  test('an account belongs to the node that asks first, and all nodes agree', async () => {
    const one = await startNode();
    const other = await startNode();
    expect(await one.directory.locate('a')).toEqual({ node: 'self', epoch: 1 });
    expect(await other.directory.locate('a')).toEqual(one.directory.self);
    expect(one.directory.holds('a')).toBe(true);
    expect(other.directory.holds('a')).toBe(false);
    expect(one.directory.figures()).toEqual({ held: 1, takeovers: 0, refusals: 0 });
  });

  test('exactly one of several nodes that ask at the same time gets the account', async () => {
    const all = [await startNode(), await startNode(), await startNode()];
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    const found = await Promise.all(
      keys.map((key) => Promise.all(all.map(({ directory }) => directory.locate(key)))),
    );
    for (const owners of found) {
      expect(owners.filter(({ node }) => node === 'self')).toHaveLength(1);
    }
    const held = all.map(({ directory }) => directory.figures().held);
    expect(held.reduce((sum, one) => sum + one)).toBe(20);
  });

  test('an account that a node is asked for while it takes over is taken once', async () => {
    const dead = await startNode();
    const keys = Array.from({ length: 48 }, (_, index) => `key-${index}`);
    for (const key of keys) await openWithWork(dead, key);
    const epochOf = async (): Promise<readonly number[]> => {
      const { rows } = await client.query<{ epoch: string }>(
        'SELECT epoch FROM sendemall_mock.account_lease ORDER BY key_hash',
      );
      return rows.map(({ epoch }) => Number(epoch));
    };
    await dead.directory.stop();
    await dead.store.close();
    nodes.splice(0);
    // As a node leaves them that dies: its leases name it, and its lock is free.
    await client.query("UPDATE sendemall_mock.account_lease SET node = 'dead', epoch = 7");
    await client.query(
      `INSERT INTO sendemall_mock.node (id, url, started, lock_key, expires_at)
       VALUES ('dead', 'http://dead', now(), 1, now() + interval '1 minute')`,
    );
    const { directory } = await startNode();
    for (let held = 0; held < keys.length; held = directory.figures().held) {
      await Promise.all(
        keys.map((key) => {
          directory.forget(key);
          return directory.locate(key);
        }),
      );
    }
    expect(new Set(await epochOf())).toEqual(new Set([8]));
    expect(directory.figures()).toMatchObject({ held: keys.length, takeovers: keys.length });
  });

  test('an account that is released is taken by the next node that asks, under a higher epoch', async () => {
    const one = await startNode();
    const other = await startNode();
    await one.directory.locate('a');
    expect(await other.directory.locate('a')).toEqual(one.directory.self);
    await one.directory.release('a');
    expect(one.directory.holds('a')).toBe(false);
    const owner = await eventually(async () => {
      const found = await other.directory.locate('a');
      expect(found.node).toBe('self');
      return found;
    });
    expect('epoch' in owner && owner.epoch).toBeGreaterThan(1);
    expect(one.lost).toEqual([]);
  });

  test('a released account with work is taken without a request', async () => {
    const one = await startNode();
    const other = await startNode();
    await openWithWork(one, 'a');
    await one.directory.leave();
    await one.directory.release('a');
    await eventually(() => expect(other.taken).toEqual(['a']));
  });

  test('a leaving node names another one for an account without an owner', async () => {
    const one = await startNode();
    const other = await startNode();
    expect(await one.directory.leave()).toBe(true);
    expect(await one.directory.locate('a')).toEqual(other.directory.self);
  });

  test('a leaving node that is the only one still takes accounts', async () => {
    const one = await startNode();
    expect(await one.directory.leave()).toBe(false);
    expect(await one.directory.locate('a')).toMatchObject({ node: 'self' });
  });

  test('a node that stops releases its accounts and leaves no row', async () => {
    const one = await startNode();
    const other = await startNode();
    await openWithWork(one, 'a');
    await one.directory.stop();
    await eventually(() => expect(other.taken).toEqual(['a']));
    expect((await client.query('SELECT id FROM sendemall_mock.node')).rows).toHaveLength(1);
  });

  test('accounts with work of a killed process are taken long before its leases expire', async () => {
    const one = await startNode();
    const [child] = await startChild(600_000);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await eventually(() => expect(one.taken).toEqual(['child']));
    const account = await one.store.openAccount('child', initial);
    expect(account.opens).toBe(2);
    await one.store.saveEmitted(account.key, 7);
    expect(one.directory.figures()).toMatchObject({ held: 1, takeovers: 1 });
  });

  test('a stopped process loses its accounts by expiry, and cannot write when it wakes up', async () => {
    const one = await startNode();
    const [child, output] = await startChild(SHORT_TTL_MS);
    child.kill('SIGSTOP');
    await eventually(() => expect(one.taken).toEqual(['child']));
    const account = await one.store.openAccount('child', initial);
    await one.store.saveEmitted(account.key, 7);
    child.send('write');
    child.kill('SIGCONT');
    await eventually(() => expect(output()).toContain('LeaseLost'));
    await eventually(() => expect(output()).toContain('lost child'));
    expect(await one.store.emitted(account.key)).toBe(7);
  });

  test('a write under an old epoch is refused, and other accounts of the same commit are written', async () => {
    const one = await startNode();
    const a = await openWithWork(one, 'a');
    const b = await openWithWork(one, 'b');
    await steal('a');
    const event = { id: 'evt_2', type: 'email.sent', createdAt: 0, body: '{}' } as const;
    const [refused, written] = await Promise.allSettled([
      one.store.publish(a.account.key, [{ event, deliveries: [] }]),
      one.store.publish(b.account.key, [{ event, deliveries: [] }]),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(LeaseLost) });
    expect(written).toMatchObject({ status: 'fulfilled' });
    expect(one.lost).toEqual(['a']);
    expect(one.directory.figures()).toMatchObject({ held: 1, refusals: 1 });
    await expect(one.store.listEvents(a.account.key, {}, { limit: 9 })).rejects.toThrow(LeaseLost);
    const { rows } = await client.query(`SELECT id FROM sendemall_mock.event WHERE id = 'evt_2'`);
    expect(rows).toHaveLength(1);
  });

  test('a transaction under an old epoch is refused', async () => {
    const one = await startNode();
    const { account } = await openWithWork(one, 'a');
    await steal('a');
    await expect(one.store.deleteWebhook(account.key, 'whk_1', 1)).rejects.toThrow(LeaseLost);
    expect(one.lost).toEqual(['a']);
    const { rows } = await client.query('SELECT deleted_at FROM sendemall_mock.webhook');
    expect(rows).toEqual([{ deleted_at: null }]);
  });

  test('records of a lost account are refused, and those of others are written', async () => {
    const one = await startNode();
    const a = await openWithWork(one, 'a');
    const b = await openWithWork(one, 'b');
    const [first] = await one.store.claimDue(a.webhook.key, 1, 1);
    const [second] = await one.store.claimDue(b.webhook.key, 1, 1);
    await steal('a');
    const records = [first!, second!].map(({ delivery }) => ({
      delivery,
      status: 'delivered' as const,
      attempt: attempt(1, { outcome: 'delivered', error: null, nextAttemptAt: null }),
    }));
    expect(await one.store.recordAttempts(records)).toEqual([records[0]]);
    expect((await one.store.counts(b.account.key)).deliveries).toMatchObject({ delivered: 1 });
    expect(one.lost).toEqual(['a']);
  });

  test('a take-over waits for a commit under way', async () => {
    const one = await startNode();
    await one.directory.locate('a');
    await one.directory.stop();
    const other = await startNode();
    await client.query('BEGIN');
    await client.query(`SELECT 1 FROM sendemall_mock.account_lease WHERE key_hash = 'a' FOR SHARE`);
    let isTaken = false;
    const owner = other.directory.locate('a').finally(() => {
      isTaken = true;
    });
    await eventually(async () => {
      const waiting = await client.query('SELECT 1 FROM pg_locks WHERE NOT granted');
      expect(waiting.rowCount).toBeGreaterThan(0);
    });
    expect(isTaken).toBe(false);
    await client.query('COMMIT');
    expect(await owner).toMatchObject({ node: 'self' });
  });

  test('a node that was declared dead loses its leases and joins again', async () => {
    const one = await startNode();
    const { node } = one.directory.self;
    await one.directory.locate('a');
    await client.query('DELETE FROM sendemall_mock.node');
    await eventually(() => expect(one.lost).toEqual(['a']));
    expect(one.directory.self.node).not.toBe(node);
    await eventually(async () => {
      expect(await one.directory.locate('a')).toMatchObject({ node: 'self', epoch: 2 });
    });
  });

  test('nodes keep their accounts when the server is restarted', async () => {
    const one = await startNode();
    const other = await startNode();
    const { account } = await openWithWork(one, 'a');
    await client.end();
    await server.restart('fast');
    await connectClient();
    await eventually(() => one.store.saveEmitted(account.key, 3));
    expect(await one.store.emitted(account.key)).toBe(3);
    expect([...one.lost, ...other.taken]).toEqual([]);
  });

  test('a process that is killed after it has connected to the restarted server is replaced at once', async () => {
    // So long that neither the lease nor the time to connect again ends within the test.
    const one = await startNode(undefined, 600_000);
    const [child] = await startChild(600_000);
    await client.end();
    await server.restart('fast');
    await connectClient();
    await eventually(async () => {
      const { rows } = await client.query(
        'SELECT id FROM sendemall_mock.node WHERE locked_at > pg_postmaster_start_time()',
      );
      expect(rows).toHaveLength(2);
    });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await eventually(() => expect(one.taken).toEqual(['child']));
  });

  test('a process that is killed while the server restarts is replaced when its lease has expired', async () => {
    const one = await startNode(undefined, 600_000);
    const [child] = await startChild(SHORT_TTL_MS);
    child.kill('SIGSTOP');
    const killed = once(child, 'exit');
    await client.end();
    await server.restart('immediate');
    child.kill('SIGKILL');
    await killed;
    await connectClient();
    await eventually(() => expect(one.taken).toEqual(['child']));
  });

  test('a node that cannot reach the server stops trusting its leases', async () => {
    const one = await startNode(SHORT_TTL_MS);
    await one.directory.locate('a');
    const database = new URL(url).pathname.slice(1);
    const admin = new pg.Client({ connectionString: server.url() });
    await admin.connect();
    const allow = (allowed: boolean): Promise<unknown> =>
      admin.query('UPDATE pg_database SET datallowconn = $1 WHERE datname = $2', [
        allowed,
        database,
      ]);
    await client.end();
    await allow(false);
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      database,
    ]);
    await eventually(() => expect(one.lost).toEqual(['a']));
    expect(one.directory.holds('a')).toBe(false);
    await expect(one.directory.locate('b')).rejects.toThrow();
    await allow(true);
    await admin.end();
    await eventually(async () => {
      expect(await one.directory.locate('a')).toMatchObject({ node: 'self' });
    });
    await connectClient();
  });
});

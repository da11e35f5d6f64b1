/**
 * Nodes that are killed, stopped or restarted, as real processes on one database.
 *
 * @module
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServe, type ServeProcess } from '../durability/serve-process.ts';
import { apiOf } from '../support/api.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';
import { freePort } from '../support/process.ts';
import { answer, startReceiver } from '../support/receiver.ts';

const NODE = 'x-sendemall-node';
/** Goal for an idle machine. The lease of a dead node would last 10 s. */
const MAX_TAKEOVER_MS = 1000;
/** On a busy machine everything takes longer; this is still far from 10 s. */
const BUSY_FACTOR = 4;
const STOP_MS = 15_000;
/** Between two checks of a load balancer. */
const CHECK_MS = 500;

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

describe.skipIf(noPostgres !== null)('real nodes on one database', () => {
  let server: PostgresServer;
  let db: string;
  const running: ServeProcess[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    db = await server.createDatabase();
  });
  afterEach(async () => {
    for (const node of running.splice(0)) {
      node.child.kill('SIGCONT');
      await node[Symbol.asyncDispose]();
    }
  });
  const start = async (port: number | null = null): Promise<ServeProcess> => {
    const flags = ['--db', db, '--no-rate-limit', '--json'];
    const node = await startServe(port ?? (await freePort()), ...flags);
    running.push(node);
    return node;
  };

  test(
    'a killed owner is replaced, and its attempt in flight is repeated',
    { timeout: 60_000 },
    async () => {
      await using receiver = await startReceiver((_received, response, count) => {
        if (count > 1) response.end(); // the first request hangs
      });
      const owner = await start();
      const other = await start();
      const via = apiOf(other.url);
      await apiOf(owner.url).register(receiver.url);
      const id = await via.trigger();
      await receiver.arrived(1);

      const killedAt = performance.now();
      await owner.end('SIGKILL');
      const settled = await via.settled(id);
      const tookMs = performance.now() - killedAt;
      expect(settled).toMatchObject({ status: 'delivered', attempts: [{ number: 1 }] });
      expect(receiver.received).toHaveLength(2);
      expect(tookMs).toBeLessThan(MAX_TAKEOVER_MS * BUSY_FACTOR);
      const metrics = await (await fetch(`${other.url}/metrics`)).text();
      expect(metrics).toContain('sendemall_mock_takeovers_total 1');
    },
  );

  test('an account with work is taken over without a request', { timeout: 60_000 }, async () => {
    let isUp = false;
    await using receiver = await startReceiver((_received, response) => {
      response.writeHead(isUp ? 200 : 500).end();
    });
    const owner = await start();
    await start();
    const direct = apiOf(owner.url);
    await direct.send('PUT', '/_sandbox/clock', { mode: 'scaled', rate: 10 });
    await direct.register(receiver.url);
    await direct.trigger();
    await receiver.arrived(1);
    isUp = true;
    await owner.end('SIGKILL');
    // The retry is due 3 s after the first attempt.
    await receiver.arrived(2);
  });

  test('a node that was stopped for 15 s wakes up harmless', { timeout: 120_000 }, async () => {
    await using receiver = await startReceiver(answer(500));
    const owner = await start();
    const other = await start();
    const via = apiOf(other.url);
    await apiOf(owner.url).send('PUT', '/_sandbox/clock', { mode: 'scaled', rate: 120 });
    await apiOf(owner.url).register(receiver.url);
    const id = await via.trigger();
    await receiver.arrived(1);
    owner.child.kill('SIGSTOP');
    const stoppedAt = performance.now();
    const reply = await via.get('/_sandbox/clock');
    const tookMs = performance.now() - stoppedAt;
    expect(reply.status).toBe(200);
    // A lease lasts for 10 s.
    expect(tookMs).toBeLessThan(12_500 + MAX_TAKEOVER_MS * BUSY_FACTOR);
    await pause(STOP_MS - (performance.now() - stoppedAt));
    owner.child.kill('SIGCONT');

    const { headers } = await apiOf(owner.url).get('/_sandbox/clock');
    expect(headers.get(NODE)).toBe(reply.headers.get(NODE));
    const settled = await via.settled(id);
    expect(settled.status).toBe('dead');
    expect(settled.attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  test(
    'nodes are restarted one after the other without a failed request',
    { timeout: 120_000 },
    async () => {
      await using receiver = await startReceiver();
      const ports = [await freePort(), await freePort(), await freePort()];
      const nodes = [];
      for (const port of ports) nodes.push(await start(port));
      const keys = Array.from({ length: 6 }, (_, index) => `key-${index}`);
      for (const key of keys) await apiOf(nodes[0]!.url, key).register(receiver.url);

      // As the load balancer of docker/haproxy.cfg does: nodes that are not ready get no requests from the next check on,
      // and a refused connection is tried at another node. Nothing else is repeated.
      let isOver = false;
      let ready: readonly number[] = ports;
      const check = async (): Promise<void> => {
        while (!isOver) {
          const answers = await Promise.all(
            ports.map((port) =>
              fetch(`http://127.0.0.1:${port}/readyz`).then(
                ({ status }) => status === 200,
                () => false,
              ),
            ),
          );
          ready = ports.filter((_, index) => answers[index]);
          await pause(CHECK_MS);
        }
      };
      let next = 0;
      const balanced = async (key: string, method: string, path: string, body?: unknown) => {
        for (let tries = 0; ; tries += 1) {
          const candidates = ready.length > 0 ? ready : ports;
          const port = candidates[(next += 1) % candidates.length]!;
          try {
            return await apiOf(`http://127.0.0.1:${port}`, key).send(method, path, body);
          } catch (error) {
            const { cause } = error as { cause?: { code?: string } };
            if (cause?.code !== 'ECONNREFUSED' || tries > 10)
              throw new Error(`${method} ${path} of port ${port} failed`, { cause: error });
            await pause(10);
          }
        }
      };
      const failures: string[] = [];
      const accepted: [string, string][] = [];
      const use = async (key: string): Promise<void> => {
        while (!isOver) {
          const posted = await balanced(key, 'POST', '/_sandbox/events', { event: 'email.sent' });
          if (posted.status === 202) accepted.push([key, posted.data.deliveries[0].id]);
          else failures.push(`${posted.status} ${posted.error.code}`);
          const read = await balanced(key, 'GET', '/v1/webhooks');
          if (read.status !== 200) failures.push(`${read.status} ${read.error.code}`);
          await pause(10);
        }
      };
      const clients = Promise.all([check(), ...keys.map(use)]);
      const handOvers: number[] = [];
      for (const [index, port] of ports.entries()) {
        const stoppedAt = performance.now();
        expect(await nodes[index]!.end('SIGTERM')).toBe(0);
        handOvers.push(performance.now() - stoppedAt);
        await start(port);
      }
      isOver = true;
      await clients;
      expect(failures).toEqual([]);
      for (const [key, id] of accepted)
        expect((await apiOf(`http://127.0.0.1:${ports[0]!}`, key).settled(id)).status).toBe(
          'delivered',
        );
      expect(receiver.received).toHaveLength(accepted.length);
      // 1 s of it is for load balancers to notice.
      expect(Math.max(...handOvers)).toBeLessThan((1000 + MAX_TAKEOVER_MS) * BUSY_FACTOR);
    },
  );

  test('a node that stops is not ready', { timeout: 60_000 }, async () => {
    await using receiver = await startReceiver((_received, response) => {
      setTimeout(() => response.end(), 600); // in flight when the node stops
    });
    const owner = await start();
    await start();
    await apiOf(owner.url).register(receiver.url);
    await apiOf(owner.url).trigger();
    await receiver.arrived(1);
    const ended = owner.end('SIGTERM');
    const codes: string[] = [];
    for (;;) {
      const reply = await fetch(`${owner.url}/readyz`).catch(() => null);
      if (reply === null) break;
      const body = (await reply.json()) as { status: string; code?: string };
      codes.push(body.code ?? body.status);
    }
    await ended;
    expect(codes).toContain('NODE_LEAVING');
  });
});

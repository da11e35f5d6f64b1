/**
 * Nodes behind HAProxy with `docker/haproxy.cfg`, as in `docker/compose.cluster.yaml`. Skipped where HAProxy is not installed.
 *
 * @module
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServe, type ServeProcess } from '../durability/serve-process.ts';
import { apiOf, type Reply } from '../support/api.ts';
import { noPostgres, startPostgres, type PostgresServer } from '../support/postgres.ts';
import { freePort } from '../support/process.ts';
import { startReceiver } from '../support/receiver.ts';

const isInstalled = spawnSync('haproxy', ['-v']).status === 0;
const config = readFileSync(
  fileURLToPath(new URL('../../docker/haproxy.cfg', import.meta.url)),
  'utf8',
);
const SERVERS = ['node-1:7363', 'node-2:7363', 'node-3:7363'];
const MAX_TAKEOVER_MS = 15_000;

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

describe.skipIf(!isInstalled || noPostgres !== null)('three nodes behind HAProxy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-haproxy-'));
  let server: PostgresServer;
  let db: string;
  let balancer: ChildProcess;
  let url: string;
  const ports: number[] = [];
  const nodes: ServeProcess[] = [];

  const start = (port: number): Promise<ServeProcess> =>
    startServe(port, '--db', db, '--no-rate-limit', '--json');

  beforeAll(async () => {
    server = await startPostgres();
    db = await server.createDatabase();
    for (let index = 0; index < SERVERS.length; index += 1) {
      ports.push(await freePort());
      nodes.push(await start(ports[index]!));
    }
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const file = join(folder, 'haproxy.cfg');
    const local = SERVERS.reduce(
      (text, name, index) => text.replace(` ${name}\n`, ` 127.0.0.1:${ports[index]!}\n`),
      `${config.trimEnd()}\n`.replace('bind :7363', `bind 127.0.0.1:${port}`),
    );
    writeFileSync(file, local);
    balancer = spawn('haproxy', ['-f', file], { stdio: 'ignore' });
    const until = performance.now() + 60_000;
    while ((await fetch(`${url}/readyz`).catch(() => null))?.status !== 200) {
      if (performance.now() > until) throw new Error('HAProxy does not answer');
      await pause(20);
    }
  });
  afterAll(async () => {
    if (balancer?.exitCode === null) {
      balancer.kill();
      await once(balancer, 'exit');
    }
    for (const node of nodes) await node[Symbol.asyncDispose]();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  test(
    'restarts of the nodes, one after the other, fail no request',
    { timeout: 300_000 },
    async () => {
      await using receiver = await startReceiver();
      const keys = Array.from({ length: 6 }, (_, index) => `restarted-${index}`);
      for (const key of keys) await apiOf(url, key).register(receiver.url);
      const failures: string[] = [];
      const accepted: [key: string, id: string][] = [];
      let isOver = false;
      const use = async (key: string): Promise<void> => {
        const api = apiOf(url, key);
        while (!isOver) {
          const posted = await api.send('POST', '/_sandbox/events', { event: 'email.sent' });
          if (posted.status === 202) accepted.push([key, posted.data.deliveries[0].id]);
          else failures.push(`POST: ${posted.status} ${posted.error.code}`);
          const read = await api.get('/v1/webhooks');
          if (read.status !== 200) failures.push(`GET: ${read.status} ${read.error.code}`);
          await pause(10);
        }
      };
      const clients = Promise.all(keys.map(use));
      for (const [index, port] of ports.entries()) {
        expect(await nodes[index]!.end('SIGTERM')).toBe(0);
        nodes[index] = await start(port);
      }
      isOver = true;
      await clients;
      expect(failures).toEqual([]);
      for (const [key, id] of accepted)
        expect((await apiOf(url, key).settled(id)).status).toBe('delivered');
      expect(receiver.received).toHaveLength(accepted.length);
    },
  );

  test('the accounts of a killed node are served again', { timeout: 120_000 }, async () => {
    await using receiver = await startReceiver();
    const api = apiOf(url, 'killed');
    await api.register(receiver.url);
    const { headers } = await api.get('/_sandbox/clock');
    const owner = headers.get('x-sendemall-node');
    const names = await Promise.all(
      nodes.map(async (node) => (await fetch(`${node.url}/livez`)).headers.get('x-sendemall-node')),
    );
    await nodes[names.indexOf(owner)]!.end('SIGKILL');
    const killedAt = performance.now();
    const trigger = (): Promise<Reply | null> =>
      api.send('POST', '/_sandbox/events', { event: 'email.sent' }).catch(() => null);
    let reply = await trigger();
    while (reply?.status !== 202 && performance.now() - killedAt < MAX_TAKEOVER_MS) {
      await pause(20);
      reply = await trigger();
    }
    expect(reply?.status).toBe(202);
    const delivery = await api.settled(reply!.data.deliveries[0].id);
    expect(delivery.status).toBe('delivered');
    expect((await api.get('/_sandbox/clock')).headers.get('x-sendemall-node')).not.toBe(owner);
  });
});

/**
 * `npm run bench peers`: one event per POST from 64 callers, validated, stored, signed and delivered to the same receiver, by the
 * sandbox and by job queues that people build the same with. In turns, in one run.
 *
 * The packages are installed below `.tmp/bench-peers`. What is not here (Redis, PostgreSQL) is left out, and said so.
 *
 * @module
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { startServe } from '../../durability/serve-process.ts';
import { apiOf } from '../../support/api.ts';
import { cpuSecondsOf, noPostgres, startPostgres } from '../../support/postgres.ts';
import { freePort } from '../../support/process.ts';
import { sample, SECRET } from '../sample.ts';
import { ask, startChild, startReceiver, type Child } from '../support.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = fileURLToPath(new URL('../../../.tmp/bench-peers/', import.meta.url));
const PACKAGES = [
  'bullmq@6.7.0',
  'ioredis@5',
  'graphile-worker@0.17.3',
  'pg-boss@10.4.2',
  'hono@4',
  '@hono/node-server@2',
  'zod@4',
  'undici@8',
];

const CALLERS = 64;
const EVENTS = 3000;
const ROUNDS = 5;

/** Something that takes events and delivers them. */
interface System {
  readonly name: string;
  /** Where and how events are kept. */
  readonly storage: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** CPU seconds so far, of all its processes. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export interface PeerFigures {
  readonly name: string;
  readonly storage: string;
  readonly perSecond: number;
  readonly cpuPerEvent: number;
}

export interface PeersRun {
  readonly systems: readonly PeerFigures[];
  /** What was left out, and why. */
  readonly missing: readonly string[];
}

const installPackages = (): void => {
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(here).filter((name) => name.endsWith('.mjs')))
    copyFileSync(join(here, file), join(folder, file));
  if (existsSync(join(folder, 'node_modules/ioredis'))) return;
  const install = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save'];
  execFileSync('npm', [...install, ...PACKAGES], { stdio: 'ignore', cwd: folder });
};

const startSandbox = async (
  name: string,
  storage: string,
  db: string,
  receiver: string,
  databaseSeconds: () => number,
  stop: () => Promise<void>,
): Promise<System> => {
  const served = await startServe(await freePort(), '--db', db, '--no-rate-limit', '--json');
  const api = apiOf(served.url, 'bench');
  await api.send('POST', '/v1/webhooks', { url: receiver, events: ['*'], secret: SECRET });
  const pid = served.child.pid ?? 0;
  return {
    name,
    storage,
    url: `${served.url}/_sandbox/events`,
    headers: { 'x-user-context': 'bench' },
    cpuSeconds: () => cpuSecondsOf(pid) + databaseSeconds(),
    stop: async () => {
      await served.end('SIGKILL');
      await stop();
    },
  };
};

const startPeer = async (
  name: string,
  storage: string,
  file: string,
  env: Readonly<Record<string, string>>,
  databaseSeconds: () => number,
  stop: () => Promise<void>,
): Promise<System> => {
  const child = await startChild(join(folder, file), env);
  const pid = child.process.pid ?? 0;
  return {
    name,
    storage,
    url: (child.hello as { readonly url: string }).url,
    headers: {},
    cpuSeconds: () => cpuSecondsOf(pid) + databaseSeconds(),
    stop: async () => {
      await child[Symbol.asyncDispose]();
      await stop();
    },
  };
};

const startRedis = async (): Promise<{ port: number; pid: number; stop(): Promise<void> }> => {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), 'sendemall-redis-'));
  const flags = ['--port', String(port), '--dir', data, '--appendonly', 'yes', '--save', ''];
  const child = spawn('redis-server', [...flags, '--appendfsync', 'everysec'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('redis-server ended')));
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('Ready to accept connections')) resolve();
    });
  });
  return {
    port,
    pid: child.pid ?? 0,
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(data, { recursive: true });
    },
  };
};

/** Starts everything that can be started here. */
const startAll = async (
  receiver: string,
): Promise<{ readonly systems: readonly System[]; readonly missing: readonly string[] }> => {
  const data = mkdtempSync(join(tmpdir(), 'sendemall-peers-'));
  const env = { SECRET, RECEIVER: receiver };
  const systems: System[] = [
    await startSandbox(
      'sendemall-mock',
      'SQLite file, WAL, flushed at checkpoints',
      join(data, 'bench.db'),
      receiver,
      () => 0,
      async () => rmSync(data, { recursive: true }),
    ),
  ];
  const missing: string[] = [];
  if (spawnSync('redis-server', ['--version']).status === 0) {
    const redis = await startRedis();
    const storage = 'Redis, append-only file, flushed every second';
    const redisSeconds = (): number => cpuSecondsOf(redis.pid);
    const more = { ...env, REDIS_PORT: String(redis.port) };
    systems.push(
      await startPeer('BullMQ', storage, 'bullmq.mjs', more, redisSeconds, () => redis.stop()),
    );
  } else missing.push('BullMQ: redis-server is not installed');
  if (noPostgres !== null) return { systems, missing: [...missing, `PostgreSQL: ${noPostgres}`] };
  const storage = 'PostgreSQL without flushes';
  for (const file of ['graphile-worker.mjs', 'pg-boss.mjs', null]) {
    const server = await startPostgres();
    const url = await server.createDatabase();
    const stop = (): Promise<void> => server.stop();
    const seconds = (): number => server.cpuSeconds();
    systems.push(
      file === null
        ? await startSandbox('sendemall-mock', storage, url, receiver, seconds, stop)
        : await startPeer(
            file.replace('.mjs', ''),
            storage,
            file,
            { ...env, DATABASE: url },
            seconds,
            stop,
          ),
    );
  }
  return { systems, missing };
};

/** Sends events, and waits until all are delivered. @returns seconds */
const turn = async (system: System, receiver: Child, expected: number): Promise<number> => {
  const startedAt = performance.now();
  const { non2xx, errors } = await autocannon({
    url: system.url,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...system.headers },
    // The sandbox makes an id; the peers need one.
    body: JSON.stringify(
      system.headers['x-user-context'] === undefined ? { ...sample, id: 'evt_1' } : sample,
    ),
    amount: EVENTS,
    connections: CALLERS,
  });
  if (non2xx + errors > 0)
    throw new Error(`${system.name}: ${non2xx} responses were not 2xx, ${errors} errors`);
  await ask<number>(receiver, expected);
  return (performance.now() - startedAt) / 1000;
};

export const peerFigures = async (): Promise<PeersRun> => {
  installPackages();
  await using receiver = await startReceiver();
  const { systems, missing } = await startAll(receiver.url);
  const sums = systems.map(() => ({ seconds: 0, cpu: 0 }));
  let expected = 0;
  try {
    // The first round compiles.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [index, system] of systems.entries()) {
        const before = system.cpuSeconds();
        expected += EVENTS;
        const seconds = await turn(system, receiver, expected);
        console.log(
          `  ${round} of ${ROUNDS}: ${system.name}, ${system.storage}: ${(EVENTS / seconds).toFixed(0)}/s`,
        );
        if (round === 0) continue;
        sums[index]!.seconds += seconds;
        sums[index]!.cpu += system.cpuSeconds() - before;
      }
    }
  } finally {
    for (const system of systems) await system.stop();
  }
  const figures = systems.map(({ name, storage }, index) => ({
    name,
    storage,
    perSecond: (ROUNDS * EVENTS) / sums[index]!.seconds,
    cpuPerEvent: sums[index]!.cpu / (ROUNDS * EVENTS),
  }));
  return { systems: figures, missing };
};

/**
 * The processes of a sandbox under chaos: the real command, on one PostgreSQL, or one process on an SQLite file.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServe, type ServeProcess } from '../durability/serve-process.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { freePort } from '../support/process.ts';
import { startBlackHole, type BlackHole } from './black-hole.ts';

const FLAGS = ['--no-rate-limit', '--attempt-timeout', '1s', '--json'];

export interface ChaosNode {
  readonly url: string;
  /** False from a kill until the node is ready again, and while it is stopped. */
  isUp(): boolean;
  /** SIGKILL, and start again after a pause. Resolves when it is ready again. */
  kill(pauseMs: number): Promise<void>;
  /** SIGSTOP, and SIGCONT after a pause. */
  suspend(pauseMs: number): Promise<void>;
  /** SIGTERM, and start again. */
  restart(): Promise<void>;
  /** Cut it off from the database for a time. */
  isolate(forMs: number): Promise<void>;
  /** End of its output, for a report. */
  tail(): string;
}

export interface Nodes extends AsyncDisposable {
  readonly nodes: readonly ChaosNode[];
  readonly postgres: PostgresServer | null;
  /** URL of the database, not through a black hole; null without PostgreSQL. */
  readonly databaseUrl: string | null;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const startNode = async (
  db: string,
  hole: BlackHole | null,
): Promise<[ChaosNode, () => Promise<void>]> => {
  const port = await freePort();
  let output = '';
  const start = (): Promise<ServeProcess> => startServe(port, '--db', db, ...FLAGS);
  let served: ServeProcess = await start();
  let isUp = true;
  let isEnding = false;
  const again = async (): Promise<void> => {
    output = (output + served.output()).slice(-1_000_000);
    while (!isEnding) {
      try {
        served = await start();
        isUp = true;
        return;
      } catch (error) {
        // The database may be down at the moment.
        output = String(error);
        await pause(200);
      }
    }
  };
  const node: ChaosNode = {
    url: `http://127.0.0.1:${port}`,
    isUp: () => isUp,
    kill: async (pauseMs) => {
      isUp = false;
      await served.end('SIGKILL');
      await pause(pauseMs);
      await again();
    },
    suspend: async (pauseMs) => {
      isUp = false;
      served.child.kill('SIGSTOP');
      await pause(pauseMs);
      served.child.kill('SIGCONT');
      isUp = true;
    },
    restart: async () => {
      isUp = false;
      await served.end('SIGTERM');
      await again();
    },
    isolate: async (forMs) => {
      hole?.swallow();
      await pause(forMs);
      hole?.release();
    },
    tail: () =>
      (output + served.output())
        .split('\n')
        .filter((line) => !line.includes('"delivery.attempted"'))
        .join('\n'),
  };
  const end = async (): Promise<void> => {
    isEnding = true;
    await served.end('SIGKILL');
    hole?.close();
  };
  return [node, end];
};

/** Start one process on an SQLite file. */
export const startSingle = async (): Promise<Nodes> => {
  const folder = await mkdtemp(join(tmpdir(), 'sendemall-chaos-'));
  const [node, end] = await startNode(join(folder, 'state.db'), null);
  return {
    nodes: [node],
    postgres: null,
    databaseUrl: null,
    [Symbol.asyncDispose]: async () => {
      await end();
      await rm(folder, { recursive: true });
    },
  };
};

/** Start several processes on one PostgreSQL, each behind a black hole of its own. */
export const startCluster = async (count: number): Promise<Nodes> => {
  // Flushed to the disk as by default: an immediate restart must lose nothing.
  const postgres = await startPostgres({ max_connections: '100' });
  const databaseUrl = await postgres.createDatabase();
  const started = await Promise.all(
    Array.from({ length: count }, async () => {
      const hole = await startBlackHole(postgres.port);
      return startNode(databaseUrl.replace(`:${postgres.port}/`, `:${hole.port}/`), hole);
    }),
  );
  return {
    nodes: started.map(([node]) => node),
    postgres,
    databaseUrl,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(started.map(([, end]) => end()));
      await postgres.stop();
    },
  };
};

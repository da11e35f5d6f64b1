/**
 * Deliveries per second and CPU per delivery through the whole engine, against the bare loop in the same run: same
 * receiver, same body, same number in flight, alternating. Each runs in its own process, so that neither affects how the other
 * is compiled.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../support/postgres.ts';
import { ask, startChild, startReceiver, type Child, type Measured } from './support.ts';

/** Deliveries until the code is compiled; not measured. */
const WARM_UP = 60_000;
/** Deliveries per turn. Turns are short because the speed of a shared machine varies from second to second. */
const TURN = 4_000;
const TURNS = 40;
/** Attempts of one ladder, which cannot be divided into turns. */
const LADDER = 40_000;
const LADDERS = 6;

export interface DeliveryFigures {
  /** Engine per second over bare per second, all turns together. */
  readonly ratio: number;
  /** CPU per delivery, engine over bare. */
  readonly cpuRatio: number;
  readonly detail: string;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Combines turns: sums of time and CPU. */
const combine = (turns: readonly Measured[]): Measured => ({
  perSecond: 1 / mean(turns.map(({ perSecond }) => 1 / perSecond)),
  cpuPerItem: mean(turns.map(({ cpuPerItem }) => cpuPerItem)),
});

const formatRate = ({ perSecond }: Measured): string => `${perSecond.toFixed(0)}/s`;
const formatCpu = ({ cpuPerItem }: Measured): string => `${(cpuPerItem * 1e6).toFixed(1)} µs`;

/** Lets both take turns. */
const compare = async (
  engine: Child,
  bare: Child,
  url: string,
  failing: boolean,
): Promise<DeliveryFigures> => {
  const size = failing ? LADDER : TURN;
  const round = async (child: Child, count: number): Promise<Measured> =>
    ask<Measured>(child, { url, count, ladder: failing });
  for (const child of [bare, engine]) await round(child, failing ? LADDER : WARM_UP);
  const bares: Measured[] = [];
  const engines: Measured[] = [];
  for (let turn = 0; turn < (failing ? LADDERS : TURNS); turn += 1) {
    bares.push(await round(bare, size));
    engines.push(await round(engine, size));
  }
  const [ours, base] = [combine(engines), combine(bares)];
  return {
    ratio: ours.perSecond / base.perSecond,
    cpuRatio: ours.cpuPerItem / base.cpuPerItem,
    detail: `${formatRate(ours)} against ${formatRate(base)}; CPU ${formatCpu(ours)} against ${formatCpu(base)}`,
  };
};

export const deliveryFigures = async (
  kind: 'file' | 'memory' | 'ladder',
): Promise<DeliveryFigures> => {
  const folder = await mkdtemp(join(tmpdir(), 'sendemall-bench-'));
  try {
    const failing = kind === 'ladder';
    await using receiver = await startReceiver(failing ? 500 : 200);
    await using bare = await startChild('bare-loop.ts');
    await using engine = await startChild(
      'engine-loop.ts',
      kind === 'file' ? { FILE: join(folder, 'bench.db') } : {},
    );
    return await compare(engine, bare, receiver.url, failing);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/**
 * The engine on PostgreSQL against the engine on a SQLite file. Without flushes, both are equally durable: commits survive killed
 * processes. With its default settings, the server waits for the disk at every commit, and the file does not.
 */
export const postgresFigures = async (fsync: 'on' | 'off'): Promise<DeliveryFigures> => {
  const folder = await mkdtemp(join(tmpdir(), 'sendemall-bench-'));
  const server = await startPostgres({ fsync });
  try {
    await using receiver = await startReceiver(200);
    await using file = await startChild('engine-loop.ts', { FILE: join(folder, 'bench.db') });
    await using engine = await startChild('engine-loop.ts', { DATABASE: server.url() });
    return await compare(engine, file, receiver.url, false);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
};

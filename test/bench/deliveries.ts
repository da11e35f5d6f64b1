/**
 * Deliveries per second and CPU per delivery through the whole engine, against the bare loop in the same run: same
 * receiver, same body, same number in flight, in turns. Each has a process of its own, so that neither disturbs how
 * the other is compiled.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, median, startChild, startReceiver, type Measured } from './support.ts';

const ROUNDS = 9;
/** Rounds that are not measured: until then code is still being compiled. */
const WARM_UP = 3;

export interface DeliveryFigures {
  /** Engine per second over bare per second, median of the rounds. */
  readonly ratio: number;
  /** CPU per delivery, engine over bare. */
  readonly cpuRatio: number;
  readonly detail: string;
}

const micros = (measured: readonly Measured[]): string =>
  (median(measured.map(({ cpuPerItem }) => cpuPerItem)) * 1e6).toFixed(1);
const rate = (measured: readonly Measured[]): string =>
  median(measured.map(({ perSecond }) => perSecond)).toFixed(0);

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
    const request = { url: receiver.url, count: failing ? 40_000 : 20_000, ladder: failing };
    const pairs: { bare: Measured; engine: Measured }[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      const pair = {
        bare: await ask<Measured>(bare, request),
        engine: await ask<Measured>(engine, request),
      };
      if (round >= WARM_UP) pairs.push(pair);
    }
    const engines = pairs.map((pair) => pair.engine);
    const bares = pairs.map((pair) => pair.bare);
    return {
      ratio: median(pairs.map((pair) => pair.engine.perSecond / pair.bare.perSecond)),
      cpuRatio: median(pairs.map((pair) => pair.engine.cpuPerItem / pair.bare.cpuPerItem)),
      detail: `${rate(engines)}/s against ${rate(bares)}/s; CPU ${micros(engines)} µs against ${micros(bares)} µs`,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};

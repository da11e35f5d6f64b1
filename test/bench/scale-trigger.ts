/**
 * Processor time of a POST of one complete event, against a bare Hono route with the same validation. No webhook is
 * registered, so that nothing is delivered.
 *
 * @module
 */
import autocannon from 'autocannon';
import { sample } from './sample.ts';
import { ask, median, startChild, type Child } from './support.ts';
import type { TriggerRound } from './trigger-app.ts';

const ROUNDS = 25;
/** Few, so that both take their turns on the same machine: others use it at the same time. */
const REQUESTS = 1000;
/** Until all that a request runs is compiled. */
const WARM_UP_ROUNDS = 20;
const CONNECTIONS = 16;

/** Processor time of one request in microseconds. */
const cpuEach = async (child: Child): Promise<number> => {
  const before = await ask<TriggerRound>(child, {});
  const { non2xx, errors } = await autocannon({
    url: `${before.url}/_sandbox/events`,
    method: 'POST',
    headers: { 'x-user-context': 'bench', 'content-type': 'application/json' },
    body: JSON.stringify(sample),
    amount: REQUESTS,
    connections: CONNECTIONS,
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx} responses were not 2xx, ${errors} errors`);
  const after = await ask<TriggerRound>(child, {});
  return ((after.cpuMs - before.cpuMs) * 1000) / REQUESTS;
};

export interface TriggerFigures {
  readonly cpuUs: number;
  readonly bareCpuUs: number;
  /** Median of the ratios of consecutive turns. */
  readonly ratio: number;
}

export const triggerFigures = async (): Promise<TriggerFigures> => {
  await using bare = await startChild('trigger-app.ts', { BARE: '1' });
  await using mock = await startChild('trigger-app.ts');
  const times: { readonly ours: number; readonly bare: number }[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const one = { bare: await cpuEach(bare), ours: await cpuEach(mock) };
    if (round >= WARM_UP_ROUNDS) times.push(one);
  }
  return {
    cpuUs: median(times.map(({ ours }) => ours)),
    bareCpuUs: median(times.map((time) => time.bare)),
    ratio: median(times.map((time) => time.ours / time.bare)),
  };
};

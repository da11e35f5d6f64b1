/**
 * One request that changes or reads a whole large account in a file, and how long it blocks other accounts.
 *
 * @module
 */
import { apiOf, type Api, type Reply } from '../support/api.ts';
import { copySeeded, MAIN_WEBHOOK, SCALE_KEY } from './scale-seed.ts';
import type { Stalls } from './stall-app.ts';
import { ask, startChild } from './support.ts';

export interface WriteTime {
  readonly name: string;
  readonly ms: number;
  /** Longest turn of the event loop until the rows are gone or for {@link AFTER_MS}, processor time. */
  readonly stallMs: number;
  /** Latency of another account's requests meanwhile. */
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** How long to watch the work that goes on in the background. */
const AFTER_MS = 5000;

/** Measures one request in a copy of a seeded file, beside another account that lists its webhooks all the time. */
const measured = async (
  name: string,
  seeded: string,
  work: (accounts: { readonly api: Api; readonly other: Api }) => Promise<Reply>,
): Promise<WriteTime> => {
  const file = await copySeeded(seeded);
  await using child = await startChild('stall-app.ts', { FILE: file });
  const { url } = await ask<Stalls>(child, { stop: false });
  const [api, other] = [apiOf(url, SCALE_KEY), apiOf(url, 'other')];
  for (let round = 0; round < 50; round += 1) await other.get('/v1/webhooks');
  await ask<Stalls>(child, { stop: false });
  const began = performance.now();
  let ended = Infinity;
  const done = work({ api, other }).then((reply) => {
    ended = performance.now();
    if (reply.status >= 300) throw new Error(`${name}: ${reply.status} ${reply.error.message}`);
  });
  const times: number[] = [];
  while (performance.now() < ended + AFTER_MS) {
    const start = performance.now();
    await other.get('/v1/webhooks');
    times.push(performance.now() - start);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  await done;
  const { cpuMs } = await ask<Stalls>(child, { stop: true });
  times.sort((a, b) => a - b);
  const p99Ms = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  return { name, ms: ended - began, stallMs: cpuMs, p99Ms, worstMs: times.at(-1) ?? Number.NaN };
};

/**
 * @param settled a seeded file
 * @param pending one whose deliveries are all pending
 */
export const writeTimes = async (settled: string, pending: string): Promise<WriteTime[]> => [
  await measured('DELETE of a webhook with all deliveries pending', pending, ({ api }) =>
    api.send('DELETE', `/v1/webhooks/${MAIN_WEBHOOK}`),
  ),
  await measured('reset', settled, ({ api }) => api.send('POST', '/_sandbox/reset')),
  await measured('PUT of a small snapshot', settled, async ({ api, other }) =>
    api.send('PUT', '/_sandbox/snapshot', (await other.get('/_sandbox/snapshot')).data),
  ),
];

/**
 * How long one account's work blocks other accounts: receivers that never answer, and one large trigger.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiOf, SECRET, type Api, type Reply } from '../support/api.ts';
import { startReceiver as startHanging } from '../support/receiver.ts';
import type { Stalls } from './stall-app.ts';
import { ask, median, startChild, startReceiver, type Child } from './support.ts';

/** Maximum number of webhooks of an account. */
const WEBHOOKS_EACH = 100;
/** Events for each hanging webhook: more than its limit of attempts in flight. */
const EVENTS_EACH = 20;
const ATTEMPT_TIMEOUT_MS = 3000;
/** Until every first attempt has timed out, and the second one, too. */
const MEASURE_MS = 2 * ATTEMPT_TIMEOUT_MS;
const MAX_MEASURE_MS = 60_000;
/** With fewer deliveries, their latency is not significant. */
const MIN_DELIVERIES = 100;
const LARGE_ROUNDS = 5;
/** Between two looks at a verification. */
const POLL_MS = 100;
/** Triggers of 1000 events of 1.5 kB each: a snapshot of 40 MB. */
const SNAPSHOT_TRIGGERS = 18;

export interface StallFigures extends Omit<Stalls, 'url' | 'usedMs'> {
  /** Latency of another account's requests meanwhile. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

const start = (child: Child): Promise<Stalls> => ask<Stalls>(child, { stop: false });
const stop = (child: Child): Promise<Stalls> => ask<Stalls>(child, { stop: true });

/** Repeats `work` until `isOver`. @returns the duration of each run in milliseconds */
const repeat = async (
  work: () => Promise<unknown>,
  isOver: (done: number) => boolean,
): Promise<number[]> => {
  const times: number[] = [];
  while (!isOver(times.length)) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return times;
};

const figuresOf = ({ wallMs, cpuMs }: Stalls, times: readonly number[]): StallFigures => {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    wallMs,
    cpuMs,
    medianMs: median(times),
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    worstMs: sorted.at(-1) ?? Number.NaN,
  };
};

/** Latency of a healthy webhook's deliveries, beside `webhooks` on one origin that never answer. */
export const hangingFigures = async (
  webhooks: number,
): Promise<StallFigures & { readonly ratio: number }> => {
  await using hanging = await startHanging(() => undefined);
  await using healthy = await startReceiver();
  await using child = await startChild('stall-app.ts', {
    ATTEMPT_TIMEOUT_MS: String(ATTEMPT_TIMEOUT_MS),
  });
  const { url } = await start(child);
  const other = apiOf(url, 'healthy');
  await other.register(healthy.url);
  const deliver = async (): Promise<unknown> => other.settled(await other.trigger());
  const isEnough = (done: number): boolean => done >= MIN_DELIVERIES;
  await repeat(deliver, isEnough);
  const accounts: Api[] = [];
  for (let made = 0; made < webhooks; made += 1) {
    if (made % WEBHOOKS_EACH === 0) accounts.push(apiOf(url, `hanging-${made}`));
    await accounts.at(-1)!.register(`${hanging.url}/${made}`);
  }
  const before = median(await repeat(deliver, isEnough));
  await start(child);
  const began = performance.now();
  for (const api of accounts) await api.trigger('email.sent', { count: EVENTS_EACH });
  const times = await repeat(deliver, (done) => {
    const spent = performance.now() - began;
    return spent > MAX_MEASURE_MS || (spent > MEASURE_MS && isEnough(done));
  });
  const figures = figuresOf(await stop(child), times);
  return { ...figures, ratio: figures.medianMs / before };
};

/** Latency of another account's requests during a trigger of 10,000 events: the median of several rounds. */
export const largeTriggerFigures = async (where: 'file' | 'memory'): Promise<StallFigures> => {
  const folder = await mkdtemp(join(tmpdir(), 'sendemall-bench-'));
  try {
    await using receiver = await startReceiver();
    const env: Record<string, string> = where === 'file' ? { FILE: join(folder, 'bench.db') } : {};
    await using child = await startChild('stall-app.ts', env);
    const { url } = await start(child);
    const [large, other] = [apiOf(url, 'large'), apiOf(url, 'other')];
    for (const api of [large, other]) await api.register(receiver.url);
    const list = (): Promise<unknown> => other.get('/v1/webhooks');
    const rounds: StallFigures[] = [];
    for (let round = 0; round < LARGE_ROUNDS; round += 1) {
      // In the first round, nothing is loaded or compiled yet.
      await start(child);
      let over = false;
      const triggered = large.trigger('email.replied', { count: 10_000 }).finally(() => {
        over = true;
      });
      const times = await repeat(list, () => over);
      await triggered;
      rounds.push(figuresOf(await stop(child), times));
      await large.send('POST', '/_sandbox/reset');
      await large.register(receiver.url);
    }
    const of = (name: keyof StallFigures): number => median(rounds.map((one) => one[name]));
    return {
      // The maximum, because a median would hide that the first trigger loads the faker.
      cpuMs: Math.max(...rounds.map(({ cpuMs }) => cpuMs)),
      wallMs: of('wallMs'),
      medianMs: of('medianMs'),
      p99Ms: of('p99Ms'),
      worstMs: of('worstMs'),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** Latency of another account's requests while the suite verifies a receiver in the sandbox's process, to its report. */
export const verificationFigures = async (url: string): Promise<StallFigures> => {
  await using child = await startChild('stall-app.ts');
  const sandbox = await start(child);
  const [one, other] = [apiOf(sandbox.url, 'verifies'), apiOf(sandbox.url, 'other')];
  await other.get('/v1/webhooks');
  await start(child);
  let over = false;
  const verify = async (): Promise<void> => {
    const request = { url, secret: SECRET };
    const { id } = (await one.send('POST', '/_sandbox/verifications', request)).data;
    for (let status = 'running'; status === 'running';) {
      await sleep(POLL_MS);
      ({ status } = (await one.get(`/_sandbox/verifications/${id}`)).data);
    }
    for (const format of ['json', 'html', 'sarif', 'junit', 'markdown']) {
      await fetch(`${sandbox.url}/_sandbox/verifications/${id}/report?format=${format}`, {
        headers: { 'x-user-context': 'verifies' },
      }).then((response) => response.text());
    }
  };
  const verified = verify().finally(() => {
    over = true;
  });
  const times = await repeat(
    () => other.get('/v1/webhooks'),
    () => over,
  );
  await verified;
  return figuresOf(await stop(child), times);
};

/** Deliveries that a filter searches. */
const SEARCHED = 100_000;
const TRIGGER_EACH = 10_000;

/** The same while a filter without a match searches 100,000 deliveries. */
export const searchFigures = async (
  where: 'file' | 'memory',
): Promise<StallFigures & { readonly searchMs: number }> => {
  const folder = await mkdtemp(join(tmpdir(), 'sendemall-bench-'));
  try {
    await using receiver = await startReceiver();
    const env: Record<string, string> = where === 'file' ? { FILE: join(folder, 'bench.db') } : {};
    await using child = await startChild('stall-app.ts', env);
    const { url } = await start(child);
    const [large, other] = [apiOf(url, 'large'), apiOf(url, 'other')];
    await large.send('PUT', '/_sandbox/clock', { mode: 'skip' });
    await large.register(receiver.url);
    for (let made = 0; made < SEARCHED; made += TRIGGER_EACH) {
      await large.trigger('email.sent', { count: TRIGGER_EACH });
    }
    await large.advance({ until: 'settled' });
    await start(child);
    let over = false;
    const search = async (): Promise<number> => {
      const began = performance.now();
      for (let cursor: string | null | undefined = ''; cursor != null;) {
        const filter = encodeURIComponent('lead:*missing@nowhere* attempts>0');
        const page: Reply = await large.get(
          `/_sandbox/deliveries?filter=${filter}${cursor && `&cursor=${cursor}`}`,
        );
        cursor = page.meta.next_cursor;
      }
      return performance.now() - began;
    };
    const searched = search().finally(() => {
      over = true;
    });
    const times = await repeat(
      () => other.get('/v1/webhooks'),
      () => over,
    );
    const searchMs = await searched;
    return { ...figuresOf(await stop(child), times), searchMs };
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** The same while a large snapshot is loaded into a file. */
export const snapshotFigures = async (): Promise<StallFigures & { readonly megabytes: number }> => {
  const folder = await mkdtemp(join(tmpdir(), 'sendemall-bench-'));
  try {
    await using child = await startChild('stall-app.ts', { FILE: join(folder, 'bench.db') });
    const { url } = await start(child);
    const [large, copy, other] = ['large', 'copy', 'other'].map((key) => apiOf(url, key));
    const data = { note: 'x'.repeat(1500) };
    for (let made = 0; made < SNAPSHOT_TRIGGERS; made += 1) {
      await large!.send('POST', '/_sandbox/events', { event: 'email.replied', data, count: 1000 });
    }
    const snapshot = (await large!.get('/_sandbox/snapshot')).data;
    const megabytes = JSON.stringify(snapshot).length / 1e6;
    await start(child);
    let over = false;
    const loaded = copy!.send('PUT', '/_sandbox/snapshot', snapshot).finally(() => {
      over = true;
    });
    const times = await repeat(
      () => other!.get('/v1/webhooks'),
      () => over,
    );
    if ((await loaded).status !== 200) throw new Error('The snapshot was refused.');
    return { ...figuresOf(await stop(child), times), megabytes };
  } finally {
    await rm(folder, { recursive: true });
  }
};

/**
 * One request that changes or reads a whole large account in a file, and how long it blocks other accounts.
 *
 * @module
 */
import { openAsBlob } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createClient } from '../../src/client/create-client.ts';
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

/** The sandbox, and its two accounts. */
interface Sandbox {
  readonly url: string;
  readonly pid: number | undefined;
  readonly api: Api;
  readonly other: Api;
}

export interface SnapshotSize {
  readonly megabytes: number;
  /** By how much the process's memory grew at most. */
  readonly peakMb: number;
}

/** How long to watch the work that goes on in the background. */
const AFTER_MS = 5000;

/** Measures one request in a copy of a seeded file, beside another account that lists its webhooks all the time. */
const measured = async (
  name: string,
  seeded: string,
  work: (sandbox: Sandbox) => Promise<Reply>,
): Promise<WriteTime> => {
  const file = await copySeeded(seeded);
  await using child = await startChild('stall-app.ts', { FILE: file });
  const { url } = await ask<Stalls>(child, { stop: false });
  const [api, other] = [apiOf(url, SCALE_KEY), apiOf(url, 'other')];
  for (let round = 0; round < 50; round += 1) await other.get('/v1/webhooks');
  await ask<Stalls>(child, { stop: false });
  const began = performance.now();
  let ended = Infinity;
  const done = work({ url, pid: child.process.pid, api, other }).then((reply) => {
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

/** Peak of a process's memory in MB. Linux only; NaN elsewhere. */
const peakOf = async (pid: number | undefined): Promise<number> => {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1000;
};

/** A GET of a snapshot, read as fast as it comes. */
export const snapshotTime = async (seeded: string): Promise<WriteTime & SnapshotSize> => {
  let [megabytes, peakMb] = [0, 0];
  const time = await measured('GET of a snapshot', seeded, async ({ url, pid, api }) => {
    const reply = await api.get('/_sandbox/clock');
    const before = await peakOf(pid);
    const headers = { 'x-user-context': SCALE_KEY };
    const { body, ok } = await fetch(`${url}/_sandbox/snapshot`, { headers });
    if (!ok) throw new Error('the snapshot cannot be read');
    for await (const chunk of body ?? []) megabytes += chunk.length / 1e6;
    peakMb = (await peakOf(pid)) - before;
    return reply;
  });
  return { ...time, megabytes, peakMb };
};

/** Saves the account of a seeded file. */
const saveSnapshot = async (seeded: string, to: string): Promise<void> => {
  await using child = await startChild('stall-app.ts', { FILE: await copySeeded(seeded) });
  const { url } = await ask<Stalls>(child, { stop: false });
  const text = await createClient({ baseUrl: url, apiKey: SCALE_KEY }).snapshotText();
  await writeFile(to, text);
};

/** A PUT of the same snapshot into another account of the same file, sent as fast as it is taken. */
export const restoreTime = async (seeded: string): Promise<WriteTime & SnapshotSize> => {
  const saved = `${seeded}.json`;
  await saveSnapshot(seeded, saved);
  const body = await openAsBlob(saved);
  let peakMb = 0;
  const time = await measured('PUT of a snapshot', seeded, async ({ url, pid, api }) => {
    await api.get('/_sandbox/clock');
    const before = await peakOf(pid);
    await createClient({ baseUrl: url, apiKey: 'restored' }).restore(body);
    peakMb = (await peakOf(pid)) - before;
    return apiOf(url, 'restored').get('/_sandbox/clock');
  });
  await rm(saved);
  return { ...time, megabytes: body.size / 1e6, peakMb };
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

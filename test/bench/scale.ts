/**
 * Figures of an account with 1,000,000 deliveries in a file, and of many listeners, requests, accounts, webhooks and leads.
 *
 * @module
 */
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { campaignTurns, type LongestTurn } from './scale-campaign.ts';
import { fanOutFigures, type FanOut } from './scale-fan-out.ts';
import { readTimes, type ReadTime } from './scale-requests.ts';
import { copySeeded, seedFile } from './scale-seed.ts';
import { startTimes, type StartTimes } from './scale-start.ts';
import { streamFigures, type StreamFigures } from './scale-streams.ts';
import { triggerFigures, type TriggerFigures } from './scale-trigger.ts';
import {
  restoreTime,
  snapshotTime,
  writeTimes,
  type SnapshotSize,
  type WriteTime,
} from './scale-writes.ts';
import { startChild } from './support.ts';

const SMALL = 10_000;
const SNAPSHOT = 100_000;
const LARGE = 1_000_000;
/** Below this, a ratio is one of noise. */
const MIN_READ_MS = 2;
const folder = fileURLToPath(new URL('../../.tmp/scale/', import.meta.url));

/** A read at 1,000,000 deliveries, and at 10,000. */
export interface ScaledRead {
  readonly name: string;
  readonly ms: number;
  readonly smallMs: number;
  readonly wallMs: number;
  readonly ratio: number;
  readonly stallMs: number;
}

export interface ScaleFigures {
  readonly reads: readonly ScaledRead[];
  readonly writes: readonly WriteTime[];
  /** Of 100,000 deliveries. */
  readonly snapshots: readonly (WriteTime & SnapshotSize)[];
  readonly starts: StartTimes;
  readonly streams: StreamFigures;
  readonly trigger: TriggerFigures;
  readonly fanOut: readonly FanOut[];
  readonly campaign: readonly LongestTurn[];
  readonly memory: MemoryFigures;
}

/** Bytes of memory. */
export interface MemoryFigures {
  readonly idleAccount: number;
  readonly pendingDelivery: number;
}

const bytesOf = async (...args: readonly string[]): Promise<number> => {
  await using child = await startChild('scale-memory.ts', {}, args);
  return (child.hello as { readonly bytes: number }).bytes;
};

const scaled = (small: readonly ReadTime[], large: readonly ReadTime[]): ScaledRead[] =>
  large.map(({ name, ms, wallMs, stallMs }, index) => {
    const smallMs = small[index]?.ms ?? Number.NaN;
    return { name, ms, smallMs, wallMs, ratio: ms / Math.max(smallMs, MIN_READ_MS), stallMs };
  });

/** @param command path of the built command */
export const scaleFigures = async (command: string): Promise<ScaleFigures> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const [small, medium, large] = [`${folder}10k.db`, `${folder}100k.db`, `${folder}1m.db`];
    const pending = `${folder}pending.db`;
    await seedFile(small, SMALL);
    await seedFile(large, LARGE);
    const reads = scaled(await readTimes(small), await readTimes(large));
    const starts = await startTimes(command, large);
    await seedFile(pending, LARGE, { arePending: true });
    const memory = {
      idleAccount: await bytesOf('accounts'),
      pendingDelivery: await bytesOf('pending', await copySeeded(pending), String(LARGE)),
    };
    const writes = await writeTimes(large, pending);
    await seedFile(medium, SNAPSHOT);
    const snapshots = [await snapshotTime(medium), await restoreTime(medium)];
    const [trigger, streams] = [await triggerFigures(), await streamFigures()];
    const campaign = await campaignTurns(`${folder}campaign.db`);
    const fanOut = await fanOutFigures(`${folder}fan-out.db`);
    return { reads, writes, snapshots, starts, streams, trigger, fanOut, campaign, memory };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

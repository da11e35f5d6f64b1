/**
 * The date that all nodes of a sandbox go by: that of the database. Accounts move between nodes, and the date of an account must
 * not jump because the machines disagree.
 *
 * The difference is measured once, when the node starts: after that, the date follows that of its machine.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { Client } from 'pg';
import type { SystemClock } from '../clock/port.ts';
import { formatDuration } from '../domain/time.ts';
import { connect, throwStoreError } from '../postgres/connect.ts';
import { parseLocation } from '../postgres/location.ts';

const logger = getLogger(['sendemall-mock', 'cluster']);

/** The quickest of several answers says it best. */
const SAMPLES = 5;
/** Real milliseconds: an administrator should know of a greater difference. */
const MAX_UNSAID_MS = 2000;

interface Sample {
  readonly tookMs: number;
  readonly differenceMs: number;
}

const measure = async (client: Client, clock: SystemClock): Promise<Sample> => {
  const startedAt = clock.monotonic();
  const { rows } = await client.query<{ ms: string }>(
    'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms',
  );
  const tookMs = clock.monotonic() - startedAt;
  return { tookMs, differenceMs: Number(rows[0]!.ms) + tookMs / 2 - clock.now() };
};

const measureDifference = async (url: string, clock: SystemClock): Promise<number> => {
  const connecting = { location: parseLocation(url), schema: '' };
  try {
    const client = await connect(connecting);
    try {
      let best = await measure(client, clock);
      for (let sample = 1; sample < SAMPLES; sample += 1) {
        const next = await measure(client, clock);
        if (next.tookMs < best.tookMs) best = next;
      }
      return Math.round(best.differenceMs);
    } finally {
      await client.end();
    }
  } catch (error) {
    return throwStoreError(connecting, error);
  }
};

/**
 * `clock` with the date of the database.
 *
 * @throws {StoreError} if the database cannot be used
 */
export const databaseClock = async (url: string, clock: SystemClock): Promise<SystemClock> => {
  const difference = await measureDifference(url, clock);
  if (Math.abs(difference) > MAX_UNSAID_MS) {
    logger.warn(
      'The date of this machine is {difference} {direction} that of the database. All nodes go by the date of the database.',
      {
        difference: formatDuration(Math.abs(difference)),
        direction: difference < 0 ? 'ahead of' : 'behind',
      },
    );
  }
  return { ...clock, now: () => clock.now() + difference };
};

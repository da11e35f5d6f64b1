/**
 * Writes attempts down in batches: those that end in one turn of the event loop share one transaction.
 * Nothing is planned or told before it is written.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { WallClock } from '../clock/port.ts';
import type { AttemptRecord, QueueStore } from '../storage/store.ts';

/** After a failed write, e.g. on a full disk: wait this long and write again. Real milliseconds. */
const REWRITE_AFTER_MS = 1000;

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Recorder {
  /**
   * Calls `written` once the record is durable. `wanted` is asked at the moment of writing: an attempt that
   * outlived a reset of its account is dropped.
   */
  record(record: AttemptRecord, wanted: () => boolean, written: () => void): void;
}

interface Waiting {
  readonly record: AttemptRecord;
  readonly wanted: () => boolean;
  readonly written: () => void;
}

export const createRecorder = (
  store: Pick<QueueStore, 'recordAttempts'>,
  wall: WallClock,
): Recorder => {
  let waiting: Waiting[] = [];
  let scheduled = false;

  const flush = async (): Promise<void> => {
    const batch = waiting.filter(({ wanted }) => wanted());
    waiting = [];
    scheduled = false;
    try {
      await store.recordAttempts(batch.map(({ record }) => record));
    } catch (error) {
      logger.error('Cannot write {count} attempts down, trying again in 1 s: {error}', {
        count: batch.length,
        error,
      });
      waiting = [...batch, ...waiting];
      scheduled = true;
      wall.after(REWRITE_AFTER_MS, () => void flush());
      return;
    }
    for (const { written } of batch) written();
  };

  return {
    record: (record, wanted, written) => {
      waiting.push({ record, wanted, written });
      if (!scheduled) {
        scheduled = true;
        setImmediate(() => void flush());
      }
    },
  };
};

/**
 * Writes attempt records in batches: those that end in one turn of the event loop share one transaction.
 * Nothing is planned or announced before it is written.
 *
 * Records of all accounts share a batch, so one record must never hold up the others. There are two kinds of failure:
 *
 * - The store **refuses** a record, because it does not fit its delivery. Repeating that cannot help: the record is
 *   dropped and reported once, the rest of the batch is written.
 * - The store **fails**, e.g. on a full disk. The records are written again one by one, at once and then after pauses
 *   that double up to {@link MAX_RETRY_MS}. They wait apart from what comes later, so that a record that fails again and
 *   again delays nobody else. While the medium fails ({@link StoreFailure}) the recorder is **blocked**: nothing more is
 *   claimed or sent, because its result could not be kept either and would only pile up in memory.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { WallClock } from '../../clock/port.ts';
import { deliveryId } from '../../domain/delivery-id.ts';
import { StoreFailure } from '../../domain/store-failure.ts';
import type { AttemptRecord, QueueStore } from '../../storage/store.ts';
import type { Generation } from './generation.ts';

/** Pause after the first failed write; doubles with each further one. Real milliseconds. */
const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;
/** When the store fails, it probably fails for all: do not try more than this many records per round. */
const MAX_FAILURES_PER_ROUND = 16;

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Recorder {
  /**
   * Writes the record while its generation is active, keeps it while that is suspended, drops it once that is
   * discarded. Calls `done` with true once the record is durable, with false if the store refused it; never for a
   * dropped one.
   */
  record(record: AttemptRecord, generation: Generation, done: (written: boolean) => void): void;
  /** Writes what waited for a generation that is active again. */
  resume(): void;
  /** Whether results cannot be kept now. */
  isBlocked(): boolean;
  /** Calls `listener` whenever results can be kept again. */
  onUnblocked(listener: () => void): void;
  /** Tries again at once when it is blocked: something else has just been written. */
  retryNow(): void;
  /** Cancels the timer. What is still waiting is not written. */
  stop(): void;
}

interface Waiting {
  readonly record: AttemptRecord;
  readonly generation: Generation;
  readonly done: (written: boolean) => void;
}

const isReady = ({ generation }: Waiting): boolean => generation.state === 'active';
const isSuspended = ({ generation }: Waiting): boolean => generation.state === 'suspended';

export const createRecorder = (
  store: Pick<QueueStore, 'recordAttempts'>,
  wall: WallClock,
): Recorder => {
  let waiting: Waiting[] = [];
  let failed: readonly Waiting[] = [];
  let scheduled = false;
  let retryMs = MIN_RETRY_MS;
  let cancelRetry: (() => void) | null = null;
  let blocked = false;
  const unblocked = new Set<() => void>();

  const setBlocked = (isNow: boolean): void => {
    if (blocked === isNow) return;
    blocked = isNow;
    if (!isNow) for (const listener of unblocked) listener();
  };

  const write = async (batch: readonly Waiting[]): Promise<void> => {
    const refused = new Set(await store.recordAttempts(batch.map(({ record }) => record)));
    for (const { record, done } of batch) {
      const written = !refused.has(record);
      if (!written) {
        logger.error('Attempt {number} of {delivery} does not fit its delivery, dropped', {
          number: record.attempt.number,
          delivery: deliveryId(record.delivery),
        });
      }
      done(written);
    }
    setBlocked(false);
  };

  const writeOneByOne = async (batch: readonly Waiting[]): Promise<void> => {
    const again: Waiting[] = [];
    let firstError: unknown = null;
    let next = 0;
    while (next < batch.length && again.length < MAX_FAILURES_PER_ROUND) {
      const one = batch[next++]!;
      try {
        await write([one]);
      } catch (error) {
        firstError ??= error;
        again.push(one);
      }
    }
    if (again.length === 0) return;
    setBlocked(firstError instanceof StoreFailure);
    // What failed now goes to the end, so that others get their try first.
    failed = [...failed, ...batch.slice(next), ...again];
    logger.error('Cannot write {count} attempts, retrying in {seconds} s: {error}', {
      count: failed.length,
      seconds: retryMs / 1000,
      error: firstError,
    });
    if (cancelRetry !== null) return;
    cancelRetry = wall.after(retryMs, () => void retry());
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  };

  const retry = async (): Promise<void> => {
    cancelRetry?.();
    cancelRetry = null;
    const batch = failed.filter(isReady);
    failed = failed.filter(isSuspended);
    await writeOneByOne(batch);
    if (failed.length === 0) retryMs = MIN_RETRY_MS;
  };

  const flush = async (): Promise<void> => {
    scheduled = false;
    const batch = waiting.filter(isReady);
    waiting = waiting.filter(isSuspended);
    if (batch.length === 0) return;
    try {
      await write(batch);
    } catch {
      await writeOneByOne(batch);
    }
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => void flush());
  };

  return {
    record: (record, generation, done) => {
      waiting.push({ record, generation, done });
      schedule();
    },
    resume: () => {
      waiting = [...waiting, ...failed];
      failed = [];
      schedule();
    },
    isBlocked: () => blocked,
    onUnblocked: (listener) => void unblocked.add(listener),
    retryNow: () => {
      if (blocked && cancelRetry !== null) void retry();
    },
    stop: () => {
      cancelRetry?.();
      cancelRetry = null;
    },
  };
};

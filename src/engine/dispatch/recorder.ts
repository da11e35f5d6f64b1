/**
 * Writes attempt records in batches: attempts that end in the same iteration of the event loop share a transaction.
 * A retry is planned, and an attempt announced, only after its record is durable.
 *
 * Records of all accounts share a batch, so one record must not block the others. There are two kinds of failure:
 *
 * - The store **rejects** a record that does not fit its delivery. A retry cannot help: the record is logged and dropped,
 *   and the rest of the batch is written.
 * - The store **fails**, e.g. because the disk is full. The records are written one by one, immediately and then with
 *   exponential backoff up to {@link MAX_RETRY_MS}. They are kept apart from later ones, so that a record that keeps
 *   failing delays no others. While the storage medium fails ({@link StoreFailure}), the recorder is **blocked**: nothing
 *   is claimed or sent, because results could not be stored and would accumulate in memory.
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
/** Failures per round after which the others are not tried: the store probably fails for all. */
const MAX_FAILURES_PER_ROUND = 16;

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Recorder {
  /**
   * Write the record if its generation is active, hold it back while that is suspended, and drop it once that is
   * discarded.
   *
   * @param done called with true once the record is durable, or false if the store rejected it; never if it is dropped
   */
  record(record: AttemptRecord, generation: Generation, done: (written: boolean) => void): void;
  /** Write records held back for a suspended generation that is active again. */
  resume(): void;
  /** Whether results cannot be stored at present. */
  isBlocked(): boolean;
  /** Call `listener` whenever the recorder is no longer blocked. @returns a function that removes it */
  onUnblocked(listener: () => void): () => void;
  /** If blocked, retry at once. Call it when something else was written successfully. */
  retryNow(): void;
  /** Cancel the timer. Waiting records are not written. */
  stop(): void;
}

interface Waiting {
  readonly record: AttemptRecord;
  readonly generation: Generation;
  readonly done: (written: boolean) => void;
}

const isReady = ({ generation }: Waiting): boolean => generation.state === 'active';
const isSuspended = ({ generation }: Waiting): boolean => generation.state === 'suspended';

/** Records that the store failed to write, retried with exponential backoff. */
interface Backlog {
  /** Write the records one by one, keeping those that fail. */
  add(batch: readonly Waiting[]): Promise<void>;
  /** Remove and return all records. */
  takeAll(): readonly Waiting[];
  /** Retry now if a retry is scheduled. */
  retryNow(): void;
  stop(): void;
}

/**
 * @param write rejects if the store fails
 * @param onFailure called with the first error of each round that failed
 */
const createBacklog = (
  wall: WallClock,
  write: (batch: readonly Waiting[]) => Promise<void>,
  onFailure: (error: unknown) => void,
): Backlog => {
  let failed: readonly Waiting[] = [];
  let retryMs = MIN_RETRY_MS;
  let cancelRetry: (() => void) | null = null;

  const schedule = (error: unknown): void => {
    logger.error('Cannot store {count} attempts. Retrying in {seconds} s. Cause: {error}', {
      count: failed.length,
      seconds: retryMs / 1000,
      error,
    });
    if (cancelRetry !== null) return;
    cancelRetry = wall.after(retryMs, () => void retry());
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  };

  const add = async (batch: readonly Waiting[]): Promise<void> => {
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
    onFailure(firstError);
    // Append the failed ones, so that the others are tried first.
    failed = [...failed, ...batch.slice(next), ...again];
    schedule(firstError);
  };

  const cancel = (): void => {
    cancelRetry?.();
    cancelRetry = null;
  };

  const retry = async (): Promise<void> => {
    cancel();
    const batch = failed.filter(isReady);
    failed = failed.filter(isSuspended);
    await add(batch);
    if (failed.length === 0) retryMs = MIN_RETRY_MS;
  };

  return {
    add,
    takeAll: () => {
      const all = failed;
      failed = [];
      return all;
    },
    retryNow: () => {
      if (cancelRetry !== null) void retry();
    },
    stop: cancel,
  };
};

/** Write records. Logs and reports those that the store rejects. @throws if the store fails */
const writeBatch = async (
  store: Pick<QueueStore, 'recordAttempts'>,
  batch: readonly Waiting[],
): Promise<void> => {
  const rejected = new Set(await store.recordAttempts(batch.map(({ record }) => record)));
  for (const { record, generation, done } of batch) {
    const written = !rejected.has(record);
    // The rows of a generation that was discarded meanwhile belong to others.
    if (!written && generation.state !== 'discarded') {
      logger.error('Dropped attempt {number} of {delivery}: it does not fit its delivery', {
        number: record.attempt.number,
        delivery: deliveryId(record.delivery),
      });
    }
    done(written);
  }
};

export const createRecorder = (
  store: Pick<QueueStore, 'recordAttempts'>,
  wall: WallClock,
): Recorder => {
  let waiting: Waiting[] = [];
  let scheduled = false;
  let blocked = false;
  const unblocked = new Set<() => void>();

  const setBlocked = (isNow: boolean): void => {
    if (blocked === isNow) return;
    blocked = isNow;
    if (!isNow) for (const listener of unblocked) listener();
  };

  const write = async (batch: readonly Waiting[]): Promise<void> => {
    await writeBatch(store, batch);
    setBlocked(false);
  };

  const backlog = createBacklog(wall, write, (error) => setBlocked(error instanceof StoreFailure));

  const flush = async (): Promise<void> => {
    scheduled = false;
    const batch = waiting.filter(isReady);
    waiting = waiting.filter(isSuspended);
    if (batch.length === 0) return;
    try {
      await write(batch);
    } catch {
      // Which record failed is found out by writing them one by one.
      await backlog.add(batch);
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
      waiting = [...waiting, ...backlog.takeAll()];
      schedule();
    },
    isBlocked: () => blocked,
    onUnblocked: (listener) => {
      unblocked.add(listener);
      return () => unblocked.delete(listener);
    },
    retryNow: () => {
      if (blocked) backlog.retryNow();
    },
    stop: backlog.stop,
  };
};

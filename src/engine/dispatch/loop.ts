/**
 * Runs rounds of work, one at a time, when woken or when its timer fires.
 *
 * States: *idle*, *scheduled* (a wake-up is pending), *running* (a round is in progress). A wake-up while running makes
 * another round follow. If a round rejects, the error is logged and the next round starts after
 * {@link RETRY_AFTER_MS}, or earlier if woken. While `isActive` returns false, no round starts.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { WallClock } from '../../clock/port.ts';

/** Pause after a round that failed because of the store. Real milliseconds. */
const RETRY_AFTER_MS = 1000;

/** Timers do not run while the machine is suspended: wake at least this often while a sleep is pending. */
const MAX_SLEEP_MS = 60_000;

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Rounds {
  /** One round of work. */
  run(): Promise<void>;
  /** False while rounds must not run. */
  isActive(): boolean;
  /** Called after the last of consecutive rounds, also if it failed. */
  onRoundsEnd(): void;
}

export interface Loop {
  /** Start a round soon, in a microtask, so that attempts finished in one batch free their places first. */
  wake(): void;
  /** Let another round follow the running one. */
  repeat(): void;
  /** Wake after this many real milliseconds, never for Infinity. Replaces the previous sleep. */
  sleep(ms: number): void;
  /** Whether no round is running or about to start. */
  isIdle(): boolean;
  /** Resolves when the running round, if any, has finished. */
  finished(): Promise<void>;
  /** Cancel the sleep and set no timer any longer. Wake-ups still start rounds. */
  stop(): void;
}

export const createLoop = (wall: WallClock, { run, isActive, onRoundsEnd }: Rounds): Loop => {
  let scheduled = false;
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let cancelSleep: (() => void) | null = null;

  const sleep = (ms: number): void => {
    cancelSleep?.();
    cancelSleep = stopped || ms === Infinity ? null : wall.after(Math.min(ms, MAX_SLEEP_MS), wake);
  };

  const runAll = async (): Promise<void> => {
    try {
      do {
        again = false;
        await run();
      } while (again && isActive());
    } catch (error) {
      again = false;
      // Suspended or discarded meanwhile: whatever failed is done again after that, or is not needed any more.
      if (!isActive()) return;
      logger.error('The store failed. Retrying in {seconds} s. Cause: {error}', {
        seconds: RETRY_AFTER_MS / 1000,
        error,
      });
      sleep(RETRY_AFTER_MS);
    }
  };

  const start = async (): Promise<void> => {
    if (!isActive()) return;
    running = runAll();
    await running;
    running = null;
    if (again) wake();
    onRoundsEnd();
  };

  const wake = (): void => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      if (running === null) void start();
      else again = true;
    });
  };

  return {
    wake,
    repeat: () => {
      again = true;
    },
    sleep,
    isIdle: () => running === null && !scheduled,
    finished: async () => {
      await running;
    },
    stop: () => {
      stopped = true;
      sleep(Infinity);
    },
  };
};

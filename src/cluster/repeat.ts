/**
 * Work that is repeated in real time as long as the node runs.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { WallClock } from '../clock/port.ts';

const logger = getLogger(['sendemall-mock', 'cluster']);

export interface Repeated {
  /** Runs the work now, or once more directly after the run that is under way. */
  now(): void;
  /** Ends the repetition. Resolves when the run under way has ended. */
  stop(): Promise<void>;
}

/**
 * Repeats `work`, the first time at once. A failure is logged when it is the first in a row, and work is tried again after
 * `retryMs`.
 *
 * @param name for the log: what fails, as a noun phrase
 */
export const repeat = (
  clock: Pick<WallClock, 'after'>,
  { name, everyMs, retryMs }: { name: string; everyMs: number; retryMs: number },
  work: () => Promise<void>,
): Repeated => {
  let isStopped = false;
  let isAgain = false;
  let isFailing = false;
  let cancel = (): void => undefined;
  let running: Promise<void> | null = null;

  const run = async (): Promise<void> => {
    let waitMs = everyMs;
    try {
      await work();
      if (isFailing) logger.info('{name} works again.', { name });
      isFailing = false;
    } catch (error) {
      if (!isFailing && !isStopped) logger.warn('{name} failed: {error}', { name, error });
      isFailing = true;
      waitMs = retryMs;
    }
    running = null;
    if (isStopped) return;
    if (isAgain && !isFailing) waitMs = 0;
    isAgain = false;
    cancel = clock.after(waitMs, start);
  };
  const start = (): void => {
    running = run();
  };
  start();
  return {
    now: () => {
      if (isStopped) return;
      if (running !== null) {
        isAgain = true;
        return;
      }
      cancel();
      start();
    },
    stop: async () => {
      isStopped = true;
      cancel();
      await running;
    },
  };
};

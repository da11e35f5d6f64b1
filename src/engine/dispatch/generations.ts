/**
 * The current generation of an account's work, and its replacement.
 *
 * `replace` and `pause` suspend the current generation and wait for the running round, so that nothing is claimed or sent
 * meanwhile. If replacing the rows fails, the generation is resumed and nothing is lost; otherwise it is discarded, and a
 * new one is loaded while suspended, and then resumed.
 *
 * @module
 */
import type { AttemptDependencies } from './attempts.ts';
import type { Capacity } from './capacity.ts';
import type { Loop } from './loop.ts';
import type { Dispatcher } from './dispatcher-types.ts';
import { createWork, loadWork, type Work } from './work.ts';

export interface Generations extends Pick<Dispatcher, 'replace' | 'pause'> {
  current(): Work;
  /** Whether the current generation is active, i.e. not about to be replaced or paused. */
  isActive(): boolean;
  /** Whether it is suspended by `pause`. */
  isPaused(): boolean;
  /** Close the endpoints of this and later generations. */
  stop(): Promise<void>;
  /** Discard this and later generations. */
  abandon(): void;
}

/** Discard a generation, and what waits on its behalf. */
const discard = ({ endpoints, attempts }: Work, capacity: Capacity): void => {
  for (const { wake } of endpoints) capacity.forget(wake);
  attempts.discardAll();
};

/** Send what is ready for open endpoints, and release the claims of the others. */
const sendOrRelease = ({ endpoints }: Work): void => {
  for (const endpoint of endpoints) {
    if (endpoints.isOpen(endpoint)) endpoint.wake();
    else void endpoints.releaseClaims(endpoint);
  }
};

/** @param onReplace called when the current generation is about to be replaced */
export const createGenerations = (
  dependencies: AttemptDependencies,
  loop: Loop,
  onReplace: () => void,
): Generations => {
  const {
    account,
    context: { store, recorder, capacity },
  } = dependencies;
  let work = createWork(dependencies);
  let paused = false;
  let stopped = false;
  let abandoned = false;

  const isActive = (): boolean => work.generation.state === 'active';

  const wakeEndpoints = (): void => {
    sendOrRelease(work);
    loop.wake();
  };

  const resume = (): void => {
    work.generation.resume();
    recorder.resume();
    wakeEndpoints();
  };

  const forgetRecorder = recorder.onUnblocked(() => {
    if (isActive()) wakeEndpoints();
  });

  return {
    current: () => work,
    isActive,
    isPaused: () => paused,
    replace: async (replaceRows, finish) => {
      work.generation.suspend();
      onReplace();
      await loop.finished();
      try {
        await replaceRows();
      } catch (error) {
        resume();
        throw error;
      }
      discard(work, capacity);
      work = createWork(dependencies);
      if (stopped) void work.endpoints.stop();
      if (abandoned) discard(work, capacity);
      work.generation.suspend();
      try {
        await loadWork(work, account, store);
        await finish();
      } finally {
        resume();
      }
    },
    pause: async (during) => {
      work.generation.suspend();
      paused = true;
      await loop.finished();
      try {
        return await during();
      } finally {
        paused = false;
        resume();
      }
    },
    stop: async () => {
      stopped = true;
      await work.endpoints.stop();
    },
    abandon: () => {
      abandoned = true;
      forgetRecorder();
      discard(work, capacity);
    },
  };
};

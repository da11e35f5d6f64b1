/**
 * Early end of a run: its time budget is exhausted, or it was interrupted. One signal ends everything that waits; a
 * check that does not stop on its own is abandoned after a grace period.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';
import type { CutOff, Verdict } from '../check.ts';

export interface Deadline {
  /** Aborted when the run must end, for either reason. */
  readonly signal: AbortSignal;
  /** Infinity without a budget. */
  readonly budgetMs: number;
  /** Null while the run may continue. */
  cutOff(): CutOff | null;
  remainingMs(): number;
  /** Disarms the timer. */
  release(): void;
}

/** Long enough to turn off an injected fault over HTTP. */
const GRACE_MS = 6000;

/** Start the time budget. @param interruption the caller's own signal */
export const createDeadline = (
  budgetMs: number,
  wall: WallClock,
  interruption: AbortSignal | undefined,
): Deadline => {
  const controller = new AbortController();
  const endsAt = wall.now() + budgetMs;
  let cutOff: CutOff | null = null;
  const end = (by: CutOff): void => {
    cutOff ??= by;
    controller.abort();
  };
  const interrupted = (): void => end('interruption');
  const disarm = Number.isFinite(budgetMs) ? wall.after(budgetMs, () => end('budget')) : null;
  interruption?.addEventListener('abort', interrupted);
  if (interruption?.aborted === true) interrupted();
  return {
    signal: controller.signal,
    budgetMs,
    cutOff: () => cutOff,
    remainingMs: () => Math.max(0, endsAt - wall.now()),
    release: () => {
      disarm?.();
      interruption?.removeEventListener('abort', interrupted);
    },
  };
};

/** A clock whose timers fire immediately when the run ends, so that nothing keeps sleeping. */
export const endingClock = (wall: WallClock, signal: AbortSignal | undefined): WallClock => {
  if (signal === undefined) return wall;
  return {
    now: wall.now,
    after: (ms, wake) => {
      if (signal.aborted) return wall.after(0, wake);
      const disarm = wall.after(ms, () => {
        signal.removeEventListener('abort', ended);
        wake();
      });
      const ended = (): void => {
        disarm();
        wake();
      };
      signal.addEventListener('abort', ended, { once: true });
      return () => {
        disarm();
        signal.removeEventListener('abort', ended);
      };
    },
  };
};

/** @returns the result of the work; null if it did not stop within the grace period after the signal */
export const orGiveUp = <T>(
  work: Promise<T>,
  wall: WallClock,
  signal: AbortSignal | undefined,
): Promise<T | null> => {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    let disarm = (): void => undefined;
    const ended = (): void => {
      disarm = wall.after(GRACE_MS, () => resolve(null));
    };
    if (signal.aborted) ended();
    else signal.addEventListener('abort', ended, { once: true });
    const settled = (): void => {
      disarm();
      signal.removeEventListener('abort', ended);
    };
    work.finally(settled).then(resolve, reject);
  });
};

/** `5 min`, `90 s`, `1.5 s`. */
export const formatSpan = (ms: number): string => {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return `${Math.round(ms / 100) / 10} s`;
};

/** @param begun whether the check had started */
export const notReached = (cutOff: CutOff, budgetMs: number, begun: boolean): Verdict => {
  const reason =
    cutOff === 'interruption'
      ? begun
        ? 'Not finished: the run was interrupted.'
        : 'Not run: the run was interrupted.'
      : `Not ${begun ? 'finished' : 'reached'} within the time budget of ${formatSpan(budgetMs)}.`;
  return { status: 'not_tested', reason, cutOff };
};

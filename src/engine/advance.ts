/**
 * Advance an account's clock as a discrete-event simulation: step to the next due time, run what is due, wait until it
 * has settled, repeat.
 *
 * @module
 */
import type { Millis } from '../domain/delivery.ts';
import { validationFailed } from '../domain/problems.ts';
import type { StoreFailure } from '../domain/store-failure.ts';
import { LAST_MOMENT, toSandboxTime } from '../domain/time.ts';
import type { StoreHealth } from '../storage/store.ts';
import type { AccountClock } from './account-clock.ts';
import type { Advanced, AdvanceTarget } from './engine.ts';
import type { Dispatcher } from './dispatch/dispatcher-types.ts';

const goalOf = (target: AdvanceTarget, from: Millis): Millis => {
  if ('until' in target) return LAST_MOMENT;
  const goal = 'by' in target ? from + target.by : target.to;
  if (goal < from) {
    throw validationFailed(
      `"to" is ${toSandboxTime(goal)}, before this account's clock (${toSandboxTime(from)}): time only moves forward. Give a later time, or reset the account.`,
    );
  }
  if (!(goal <= LAST_MOMENT)) {
    const given = 'by' in target ? `"by" is ${target.by} ms` : `"to" is ${target.to} ms after 1970`;
    throw validationFailed(
      `${given}, which would move this account's clock (${toSandboxTime(from)}) past ${toSandboxTime(LAST_MOMENT)}, the latest time that it supports. Advance by at most ${LAST_MOMENT - from} ms, or to that time.`,
    );
  }
  return goal;
};

/** The parts of an account that an advance works with. */
export interface Advanceable {
  readonly dispatcher: Dispatcher;
  readonly clock: AccountClock;
  /** Writes are retried until the store recovers; an advance fails at the first failure instead of waiting. */
  readonly store: Pick<StoreHealth, 'onFailure'>;
  /** Called after every step. */
  onStep(this: void): void;
}

/**
 * Waits for a step, or for a failure of the store, whichever comes first. One promise per step: a race against a promise
 * that lasts as long as the advance would keep something of every step until its end.
 */
const createStepWaiter = (
  store: Advanceable['store'],
): { readonly settled: (step: Promise<void>) => Promise<void>; readonly end: () => void } => {
  let failure: StoreFailure | null = null;
  let fail: ((reason: StoreFailure) => void) | null = null;
  const end = store.onFailure((reason) => {
    failure ??= reason;
    fail?.(reason);
  });
  return {
    settled: (step) =>
      new Promise((resolve, reject) => {
        fail = reject;
        step.then(resolve, reject);
        if (failure !== null) reject(failure);
      }),
    end,
  };
};

/**
 * Advance to `target`, stopping between two steps if `signal` is aborted.
 *
 * @throws {Problem} `VALIDATION_FAILED` if the target is in the past or beyond the latest supported time
 * @throws {StoreFailure} if state cannot be persisted: the clock stops where it got to, and pending attempts are made
 * once the store works again
 */
export const advance = async (
  { dispatcher, clock, store, onStep }: Advanceable,
  target: AdvanceTarget,
  signal?: AbortSignal,
): Promise<Advanced> => {
  const from = clock.now();
  const goal = goalOf(target, from);
  const before = dispatcher.attempts();
  const { settled, end } = createStepWaiter(store);
  const step = async (to: Millis): Promise<void> => {
    await clock.hold(to);
    onStep();
    await settled(dispatcher.idle());
  };
  let to = from;
  const continues = (): boolean => signal?.aborted !== true;
  try {
    await step(from);
    // Attempts that were due or in flight already are not the next one.
    const alreadyDue = dispatcher.attempts();
    let next = dispatcher.nextStep();
    while (next !== null && next <= goal && continues()) {
      await step(next);
      const attempted = dispatcher.attempts() > alreadyDue;
      if (attempted && 'until' in target && target.until === 'next_attempt') break;
      next = dispatcher.nextStep();
    }
    if (!('until' in target) && continues() && clock.now() < goal) await step(goal);
    to = clock.now();
  } finally {
    end();
    try {
      await clock.release();
    } finally {
      dispatcher.wake();
    }
  }
  return { from, to, attempts: dispatcher.attempts() - before };
};

/**
 * Moves an account's clock as a discrete-event simulation: to the next due time, run what is due, wait until it has
 * settled, and on to the next.
 *
 * @module
 */
import type { Millis } from '../domain/delivery.ts';
import { validationFailed } from '../domain/problems.ts';
import { LAST_MOMENT, toSandboxTime } from '../domain/time.ts';
import type { StoreHealth } from '../storage/store.ts';
import type { AccountClock } from './account-clock.ts';
import type { Advanced, AdvanceTarget } from './engine.ts';
import type { Dispatcher } from './dispatch/port.ts';

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
      `${given}, which would move this account's clock (${toSandboxTime(from)}) past ${toSandboxTime(LAST_MOMENT)}, the last moment that it can show. Give at most ${LAST_MOMENT - from} ms, or that moment.`,
    );
  }
  return goal;
};

/** What an advance moves. */
export interface Movable {
  readonly dispatcher: Dispatcher;
  readonly clock: AccountClock;
  /** A store that fails is tried again and again; an advance does not wait for that. */
  readonly store: Pick<StoreHealth, 'onFailure'>;
  /** Called after every step. */
  moved(this: void): void;
}

/** Rejects as soon as the store fails. */
const failureOf = (
  store: Movable['store'],
): { readonly failed: Promise<never>; readonly end: () => void } => {
  let end = (): void => undefined;
  const failed = new Promise<never>((_, reject) => {
    end = store.onFailure(reject);
  });
  // Whoever races it isSubscribed of it; nobody else need.
  failed.catch(() => undefined);
  return { failed, end };
};

/**
 * @throws {StoreFailure} when state cannot be kept: then the clock stands where it got to, and what is due is attempted
 * once it can be
 */
export const advance = async (
  { dispatcher, clock, store, moved }: Movable,
  target: AdvanceTarget,
  signal?: AbortSignal,
): Promise<Advanced> => {
  const from = clock.now();
  const goal = goalOf(target, from);
  const before = dispatcher.attempts();
  const { failed, end } = failureOf(store);
  const step = async (to: Millis): Promise<void> => {
    await clock.hold(to);
    moved();
    await Promise.race([dispatcher.idle(), failed]);
  };
  let to = from;
  const goesOn = (): boolean => signal?.aborted !== true;
  try {
    await step(from);
    let next = dispatcher.nextStep();
    while (next !== null && next <= goal && goesOn()) {
      await step(next);
      const attempted = dispatcher.attempts() > before;
      if (attempted && 'until' in target && target.until === 'next_attempt') break;
      next = dispatcher.nextStep();
    }
    if (!('until' in target) && goesOn() && clock.now() < goal) await step(goal);
    to = clock.now();
  } finally {
    end();
    try {
      await clock.letGo();
    } finally {
      dispatcher.wake();
    }
  }
  return { from, to, attempts: dispatcher.attempts() - before };
};

/**
 * Transitions of a delivery's status, shared by the engine and every store.
 *
 * `pending → in_flight → delivered`, or back to `pending` with the next due time, or `dead` after the last attempt.
 * A delivery whose webhook was deleted is `cancelled` instead of being retried. `dead → acknowledged` is the only
 * transition out of a final status.
 *
 * @module
 */
import type { Attempt, Millis } from './delivery.ts';
import { nextAttemptAt } from './retry-plan.ts';

/** Status of a delivery after an attempt. */
export type AttemptedStatus = 'pending' | 'delivered' | 'dead' | 'cancelled';

/** The transition that follows an attempt. */
export interface AttemptTransition {
  readonly status: AttemptedStatus;
  /** Due time of the next attempt; null unless `status` is `pending`. */
  readonly nextAttemptAt: Millis | null;
}

/**
 * The transition after an attempt.
 *
 * @param attempt its number, outcome, and virtual end, from which the next delay is counted
 * @param webhookGone whether the webhook was deleted meanwhile
 *
 * @example
 * ```ts
 * afterAttempt({ number: 1, outcome: 'refused', endedAt: 0 }, false); // { status: 'pending', nextAttemptAt: 30000 }
 * afterAttempt({ number: 4, outcome: 'refused', endedAt: 0 }, false); // { status: 'dead', nextAttemptAt: null }
 * ```
 */
export const afterAttempt = (
  { number, outcome, endedAt }: Pick<Attempt, 'number' | 'outcome' | 'endedAt'>,
  webhookGone: boolean,
): AttemptTransition => {
  if (outcome === 'delivered') return { status: 'delivered', nextAttemptAt: null };
  if (webhookGone) return { status: 'cancelled', nextAttemptAt: null };
  const next = nextAttemptAt(number, endedAt);
  return { status: next === null ? 'dead' : 'pending', nextAttemptAt: next };
};

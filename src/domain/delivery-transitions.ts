/**
 * Transitions of a delivery's status, shared by the engine and every store.
 *
 * `pending → in_flight → delivered`, or back to `pending` with the next due time, or `dead` after the last attempt.
 * A delivery whose webhook was deleted is `cancelled` instead of being retried. `dead → acknowledged` is the only
 * transition out of a final status.
 *
 * {@link afterAttempt} is the engine's decision, with the webhooks that it knows of. The other functions are a store's, which
 * may know better: every adapter uses them, so that a delivery whose webhook was deleted never becomes pending again.
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

/** Values of a delivery that has just left the state `in_flight` or `pending`. */
export interface DeliveryUpdate {
  readonly status: AttemptedStatus;
  /** Due time of the next attempt; null unless `status` is `pending`. */
  readonly dueAt: Millis | null;
  /** Null if `status` is `pending`. */
  readonly settledAt: Millis | null;
}

/**
 * Update after an attempt was recorded.
 *
 * @param status status that the engine decided on; the webhook may have been deleted since
 * @param webhookDeleted whether the delivery's webhook is deleted now
 *
 * @example
 * ```ts
 * const attempt = { endedAt: 20, nextAttemptAt: 30_020 };
 * afterRecord('pending', attempt, false); // { status: 'pending', dueAt: 30020, settledAt: null }
 * afterRecord('pending', attempt, true); // { status: 'cancelled', dueAt: null, settledAt: 20 }
 * ```
 */
export const afterRecord = (
  status: AttemptedStatus,
  { endedAt, nextAttemptAt }: Pick<Attempt, 'endedAt' | 'nextAttemptAt'>,
  webhookDeleted: boolean,
): DeliveryUpdate => {
  if (status !== 'pending') return { status, dueAt: null, settledAt: endedAt };
  if (webhookDeleted) return { status: 'cancelled', dueAt: null, settledAt: endedAt };
  return { status: 'pending', dueAt: nextAttemptAt, settledAt: null };
};

/**
 * Update after a claim was returned without an attempt: by the engine, after a crash, or in an imported snapshot.
 *
 * @param dueAt due time of the claim, which the delivery keeps
 * @param webhookDeletedAt when the webhook was deleted; null if it was not
 */
export const afterRelease = (
  dueAt: Millis | null,
  webhookDeletedAt: Millis | null,
): DeliveryUpdate =>
  webhookDeletedAt === null
    ? { status: 'pending', dueAt, settledAt: null }
    : { status: 'cancelled', dueAt: null, settledAt: webhookDeletedAt };

/** Update of a pending delivery whose webhook is deleted at `now`. */
export const afterWebhookDeleted = (now: Millis): DeliveryUpdate => ({
  status: 'cancelled',
  dueAt: null,
  settledAt: now,
});

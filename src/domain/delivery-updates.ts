/**
 * Updates of a delivery that depend on its webhook. Every store uses them, so that all adapters agree: a delivery whose
 * webhook was deleted never becomes pending again.
 *
 * @module
 */
import type { Attempt, Millis } from './delivery.ts';

/** Values of a delivery that has just left the state `in_flight` or `pending`. */
export interface DeliveryUpdate {
  readonly status: 'pending' | 'delivered' | 'dead' | 'cancelled';
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
  status: DeliveryUpdate['status'],
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

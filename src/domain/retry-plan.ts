/**
 * Retry plan and success range, from `x-delivery-policy` in the spec.
 *
 * @module
 */
import { toMoment } from './time.ts';
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import type { Millis } from './delivery.ts';

/**
 * Time of the next attempt, counted from the failure of the last one.
 *
 * @param attempt number of the failed attempt, starting at 1
 * @param failedAt when it failed
 * @returns null after the last attempt: the delivery is dead
 *
 * @example
 * ```ts
 * nextAttemptAt(1, 0); // 30000
 * nextAttemptAt(4, 0); // null
 * ```
 */
export const nextAttemptAt = (attempt: number, failedAt: Millis): Millis | null => {
  const delays: readonly number[] = DELIVERY_POLICY.retryDelaysMs;
  const delay = delays[attempt - 1];
  return delay === undefined ? null : toMoment(failedAt + delay);
};

/** Whether a response status acknowledges an event: a 2xx. */
export const isSuccess = (status: number): boolean =>
  status >= DELIVERY_POLICY.successFrom && status <= DELIVERY_POLICY.successTo;

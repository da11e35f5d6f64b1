/**
 * When the next attempt is due, as `x-delivery-policy` in the spec says.
 *
 * @module
 */
import { toMoment } from './time.ts';
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import type { Millis } from './delivery.ts';

/**
 * The moment of the attempt after the one that failed, counted from the moment that it failed.
 *
 * @param attempt number of the failed attempt, 1 on the first
 * @returns null when that was the last one: the delivery is dead
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

/** Whether a receiver's status means that it has taken the event. */
export const isSuccess = (status: number): boolean =>
  status >= DELIVERY_POLICY.successFrom && status <= DELIVERY_POLICY.successTo;

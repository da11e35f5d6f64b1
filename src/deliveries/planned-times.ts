/**
 * Times of the attempts that a delivery still has ahead of it.
 *
 * @module
 */
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import type { Delivery } from '../../schemas/sandbox.ts';

/** The next attempt, and those that follow if every one fails at once, in milliseconds. */
export const plannedTimes = ({
  next_attempt_at: next,
  attempts_made: made,
}: Pick<Delivery, 'next_attempt_at' | 'attempts_made'>): readonly number[] => {
  if (next === null) return [];
  const times = [Date.parse(next)];
  for (const delay of DELIVERY_POLICY.retryDelaysMs.slice(made)) times.push(times.at(-1)! + delay);
  return times;
};

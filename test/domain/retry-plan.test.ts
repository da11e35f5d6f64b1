/**
 * The ladder of the provider's guide: 30 seconds, 5 minutes, 30 minutes, then the dead letters.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { isSuccess, nextAttemptAt } from '../../src/domain/retry-plan.ts';

const FAILED_AT = 1_775_484_000_000;

test.each([
  [1, 30_000],
  [2, 5 * 60_000],
  [3, 30 * 60_000],
])('attempt %i is followed by another %i ms after it failed', (attempt, delay) => {
  expect(nextAttemptAt(attempt, FAILED_AT)).toBe(FAILED_AT + delay);
});

test.each([0, 4, 5])('attempt %i is followed by none', (attempt) => {
  expect(nextAttemptAt(attempt, FAILED_AT)).toBeNull();
});

test.each([
  [199, false],
  [200, true],
  [204, true],
  [299, true],
  [300, false],
  [500, false],
])('%i: taken %s', (status, taken) => {
  expect(isSuccess(status)).toBe(taken);
});

/**
 * Transitions of a delivery after an attempt.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import { afterAttempt } from '../../src/domain/delivery-transitions.ts';

const LAST = DELIVERY_POLICY.retryDelaysMs.length + 1;

test.each([
  ['a success settles', 1, 'delivered', false, 'delivered', null],
  ['a success settles even if the webhook is gone', 1, 'delivered', true, 'delivered', null],
  ['a failure is retried, counted from its end', 1, 'refused', false, 'pending', 1_030_000],
  ['a failure is cancelled if the webhook is gone', 1, 'refused', true, 'cancelled', null],
  ['the last failure makes a dead letter', LAST, 'non_2xx', false, 'dead', null],
  [
    'the last failure is cancelled if the webhook is gone',
    LAST,
    'non_2xx',
    true,
    'cancelled',
    null,
  ],
] as const)('%s', (_, number, outcome, webhookGone, status, nextAttemptAt) => {
  expect(afterAttempt({ number, outcome, endedAt: 1_000_000 }, webhookGone)).toEqual({
    status,
    nextAttemptAt,
  });
});

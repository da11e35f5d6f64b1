/**
 * Transitions of a delivery: after an attempt, with and without a deleted webhook, and when it is recorded.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import {
  afterAttempt,
  afterRecord,
  afterRelease,
  afterWebhookDeleted,
} from '../../src/domain/delivery-transitions.ts';

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

const attempt = { endedAt: 20, nextAttemptAt: 30_020 };
const final = { endedAt: 20, nextAttemptAt: null };

describe('after a recorded attempt', () => {
  test('a retry is pending at its due time', () => {
    expect(afterRecord('pending', attempt, false)).toEqual({
      status: 'pending',
      dueAt: 30_020,
      settledAt: null,
    });
  });
  test('a retry to a deleted webhook is cancelled at the end of the attempt', () => {
    expect(afterRecord('pending', attempt, true)).toEqual({
      status: 'cancelled',
      dueAt: null,
      settledAt: 20,
    });
  });
  test.each(['delivered', 'dead', 'cancelled'] as const)(
    '%s stands, also for a deleted webhook',
    (status) => {
      const settled = { status, dueAt: null, settledAt: 20 };
      expect(afterRecord(status, final, false)).toEqual(settled);
      expect(afterRecord(status, final, true)).toEqual(settled);
    },
  );
});

test('a released claim is pending at its old due time, or cancelled when its webhook was deleted', () => {
  expect(afterRelease(100, null)).toEqual({ status: 'pending', dueAt: 100, settledAt: null });
  expect(afterRelease(100, 500)).toEqual({ status: 'cancelled', dueAt: null, settledAt: 500 });
  expect(afterRelease(100, 0)).toEqual({ status: 'cancelled', dueAt: null, settledAt: 0 });
});

test('deleting a webhook cancels its pending deliveries at that time', () => {
  expect(afterWebhookDeleted(7)).toEqual({ status: 'cancelled', dueAt: null, settledAt: 7 });
});

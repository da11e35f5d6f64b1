/**
 * Waits for rate limits: as long as asked for, bounded, and less for forgeries.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { Exchange, HeaderPairs } from '../../../src/conformance/net/exchange.ts';
import {
  createThrottle,
  isThrottled,
  retryAfterMs,
} from '../../../src/conformance/net/throttle.ts';
import { leapingClock } from '../scripted-receiver.ts';

const answer = (status: number, headers: HeaderPairs = []): Exchange => ({
  request: {
    method: 'POST',
    url: 'http://a.example/',
    headers: [],
    body: Buffer.of(),
    manner: null,
  },
  reply: { kind: 'answer', status, headers, body: '', durationMs: 1 },
});
const after = (value: string): HeaderPairs => [['retry-after', value]];

test('a 429, and a 503 with Retry-After, are rate limits', () => {
  expect(isThrottled(answer(429))).toBe(true);
  expect(isThrottled(answer(503, after('1')))).toBe(true);
  expect(isThrottled(answer(503))).toBe(false);
  expect(isThrottled(answer(401, after('1')))).toBe(false);
});

test('Retry-After is read in seconds and as a date', () => {
  expect(retryAfterMs(answer(429, after('2')).reply, 0)).toBe(2000);
  expect(retryAfterMs(answer(429, after('Thu, 01 Jan 1970 00:00:05 GMT')).reply, 1000)).toBe(4000);
  expect(retryAfterMs(answer(429, after('soon')).reply, 0)).toBeNull();
  expect(retryAfterMs(answer(429).reply, 0)).toBeNull();
});

describe('a throttle', () => {
  test('waits as long as the receiver asks for, and reports the first wait once', async () => {
    const wall = leapingClock();
    const waits: number[] = [];
    const throttle = createThrottle({ wall, onFirst: (ms) => waits.push(ms) });
    expect(throttle.shouldRetry(answer(429, after('3')), 0, true)).toBe(true);
    await throttle.ready();
    expect(wall.now()).toBe(3000);
    expect(throttle.shouldRetry(answer(429, after('2')), 1, true)).toBe(true);
    await throttle.ready();
    expect(waits).toEqual([3000]);
    expect(throttle.limits()).toMatchObject({ count: 2, waitedMs: 5000 });
  });

  test('gives up once its waits are used up, earlier for forgeries', () => {
    const throttle = createThrottle({ wall: leapingClock() });
    expect(throttle.shouldRetry(answer(429, after('600')), 0, false)).toBe(true);
    expect(throttle.shouldRetry(answer(429), 1, false)).toBe(false);
    expect(throttle.shouldRetry(answer(429, after('600')), 6, true)).toBe(false);
    expect(throttle.shouldRetry(answer(401), 0, true)).toBe(false);
  });
});

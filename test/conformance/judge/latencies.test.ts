import { expect, test } from 'vitest';
import {
  latenciesOf,
  formatLatencies,
  unanswered,
} from '../../../src/conformance/judge/latencies.ts';
import type { Exchange } from '../../../src/conformance/net/exchange.ts';
import { answer, exchange, none } from '../fixtures.ts';

const after = (durationMs: number): Exchange => exchange(answer(200, { durationMs }));
const late = exchange(none('timeout'));
const cut = exchange(none('reset'));

test.each([
  [[], { fastest: 0, median: 0, p95: 0, slowest: 0 }],
  [[7], { fastest: 7, median: 7, p95: 7, slowest: 7 }],
  [[10, 9], { fastest: 9, median: 9, p95: 10, slowest: 10 }],
  [[100, 20, 3], { fastest: 3, median: 20, p95: 100, slowest: 100 }],
  [
    Array.from({ length: 20 }, (_, at) => 20 - at),
    { fastest: 1, median: 10, p95: 19, slowest: 20 },
  ],
  [
    Array.from({ length: 100 }, (_, at) => at + 1),
    { fastest: 1, median: 50, p95: 95, slowest: 100 },
  ],
])('of %j ms', (durations, latencies) => {
  expect(latenciesOf(durations.map(after))).toEqual(latencies);
});

test('only answers have a latency', () => {
  expect(latenciesOf([after(5), late, cut, after(3)])).toEqual({
    fastest: 3,
    median: 3,
    p95: 5,
    slowest: 5,
  });
});

test('only what took too long was not answered in time', () => {
  expect(unanswered([after(5), cut, late])).toEqual([late]);
});

test('in words', () => {
  expect(formatLatencies({ fastest: 1, median: 1.4, p95: 2.5, slowest: 1000.49 })).toBe(
    'median 1 ms, 95th percentile 3 ms, slowest 1000 ms',
  );
});

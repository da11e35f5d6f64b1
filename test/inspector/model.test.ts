/**
 * Pure rules of the inspector: URLs, dots, marks of the scrubber, hidden characters, spans.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { describeDots, dotsOf } from '../../src/inspector/model/dots.ts';
import { plannedTimes, positionOf, timeAt } from '../../src/inspector/model/due-marks.ts';
import { formatRoute, parseRoute } from '../../src/inspector/model/route.ts';
import { formatBytes, formatSpan, formatUntil } from '../../src/inspector/model/spans.ts';
import { visibleLine, visibleRuns } from '../../src/inspector/model/visible-text.ts';

describe('a URL', () => {
  test.each([
    { view: 'deliveries', id: 'dlv_1', query: { q: 'status:dead "a b"', attempt: '2' } },
    { view: 'sinks', id: 'crm/50 %?#', query: {} },
    { view: 'dead-letters', id: null, query: {} },
  ] as const)('leads back to its view: $view $id', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  test.each(['', '#', '#/', '#/nonsense', '#//', '#/%E0%A4%A'])(
    '%s shows the deliveries',
    (hash) => {
      expect(parseRoute(hash)).toMatchObject({ view: 'deliveries', id: null });
    },
  );

  test('keeps a malformed escape as it is', () => {
    expect(parseRoute('#/sinks/%E0%A4%A')).toMatchObject({ view: 'sinks', id: '%E0%A4%A' });
  });
});

describe('attempts as dots', () => {
  test.each([
    ['pending', 0, 'planned planned planned planned', 'attempts: 4 planned'],
    ['pending', 2, 'failed failed planned planned', 'attempts: 2 failed, 2 planned'],
    ['in_flight', 1, 'failed flying planned planned', 'attempts: 1 failed, 1 in flight, 2 planned'],
    ['delivered', 2, 'failed delivered spare spare', 'attempts: 1 failed, 1 delivered'],
    ['dead', 4, 'failed failed failed failed', 'attempts: 4 failed'],
    ['cancelled', 0, 'spare spare spare spare', 'no attempts'],
  ] as const)('%s after %i', (status, attempts_made, dots, words) => {
    expect(dotsOf({ status, attempts_made }).join(' ')).toBe(dots);
    expect(describeDots({ status, attempts_made })).toBe(words);
  });
});

test('planned attempts follow the retry ladder', () => {
  const next_attempt_at = '2026-04-06T12:00:00.000Z';
  const first = Date.parse(next_attempt_at);
  const offsets = (attempts_made: number): number[] =>
    plannedTimes({ next_attempt_at, attempts_made }).map((at) => at - first);
  expect(offsets(0)).toEqual([0, 30_000, 330_000, 2_130_000]);
  expect(offsets(1)).toEqual([0, 300_000, 2_100_000]);
  expect(offsets(3)).toEqual([0]);
  expect(plannedTimes({ next_attempt_at: null, attempts_made: 4 })).toEqual([]);
});

test('a place on the scrubber is a time, and back', () => {
  for (const at of [1000, 1500, 5000, 9999]) {
    expect(timeAt(positionOf(at, 1000, 10_000), 1000, 10_000)).toBeCloseTo(at);
  }
  expect(positionOf(500, 1000, 10_000)).toBe(0);
  expect(positionOf(99_999, 1000, 10_000)).toBe(1);
});

test('characters that cannot be seen become marks', () => {
  expect(visibleRuns('a\u001b[31m\u0000\n\tb')).toEqual([
    { text: 'a', isMark: false },
    { text: 'ESC', isMark: true },
    { text: '[31m', isMark: false },
    { text: 'NUL', isMark: true },
    { text: '\n\tb', isMark: false },
  ]);
  expect(visibleLine('x\u202Egnp.exe\u200B\uD800 😀')).toBe('x⟨U+202E⟩gnp.exe⟨U+200B⟩⟨U+D800⟩ 😀');
});

test('spans and sizes', () => {
  expect([0, 12.4, 1500, 30_000, 330_000, 2_130_000, 90_000_000].map(formatSpan)).toEqual([
    '0 ms',
    '12 ms',
    '1.5 s',
    '30 s',
    '5 min 30 s',
    '35 min 30 s',
    '1 d 1 h',
  ]);
  expect([formatUntil(31_000, 1000), formatUntil(900, 1000), formatUntil(0, 90_000)]).toEqual([
    'in 30 s',
    'now',
    '1 min 30 s ago',
  ]);
  expect([999, 1234, 2_500_000].map(formatBytes)).toEqual(['999 B', '1.2 kB', '2.5 MB']);
});

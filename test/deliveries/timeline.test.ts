/**
 * What is shown of a delivery's attempts: dots, planned times, spans, differences.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { diffBodies } from '../../src/deliveries/body-diff.ts';
import { describeDots, dotsOf } from '../../src/deliveries/dots.ts';
import { plannedTimes } from '../../src/deliveries/planned-times.ts';
import { formatBytes, formatSpan, formatUntil } from '../../src/deliveries/spans.ts';

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

describe('a difference', () => {
  const marked = (before: string, after: string): string =>
    diffBodies(before, after)
      .parts.map(({ text, kind }) =>
        kind === 'same' ? text : kind === 'added' ? `[+${text}]` : `[-${text}]`,
      )
      .join('');

  test.each([
    ['', '', ''],
    ['same', 'same', 'same'],
    ['', 'new', '[+new]'],
    ['{"a":1}', '{"a":12}', '{"a":1[+2]}'],
    ['{"a": 1}', '{"a":1}', '{"a":[- ]1}'],
    ['aaa', 'aa', 'aa[-a]'],
    ['one two', 'one\ttwo', 'one[- ][+\t]two'],
    // Faces that share half of their two characters.
    ['a😀b', 'a😁b', 'a[-😀][+😁]b'],
    ['😀', '🐀', '[-😀][+🐀]'],
  ])('from %j to %j is %j', (before, after, shown) => {
    expect(marked(before, after)).toBe(shown);
  });

  test('of long texts is by words, and complete', () => {
    const line = (end: string): string => `first ${'x, '.repeat(20_000)}${end}`;
    expect(marked(`1 ${line('a\n')}`, `2 ${line('b\n')}`)).toBe(`[-1][+2] ${line('[-a][+b]\n')}`);
  });

  test('counts bytes', () => {
    expect(diffBodies('é', 'e')).toMatchObject({ isEqual: false, sizes: [2, 1] });
  });
});

/**
 * Pure rules of the inspector: URLs, marks of the scrubber, hidden characters.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { positionOf, timeAt } from '../../src/inspector/model/due-marks.ts';
import { formatRoute, parseRoute } from '../../src/inspector/model/route.ts';
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

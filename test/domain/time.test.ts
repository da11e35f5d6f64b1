import { describe, expect, expectTypeOf, test } from 'vitest';
import type { ClockClient } from '../../src/client/sandbox.ts';
import type { Sandbox } from '../../src/vitest/sandbox.ts';
import {
  formatDuration,
  isMoment,
  LAST_MOMENT,
  parseDuration,
  parseTime,
  toProviderTime,
  toSandboxTime,
  type DurationText,
} from '../../src/domain/time.ts';

const NOON = Date.UTC(2026, 3, 6, 12);

test('the provider writes whole seconds, fractions are cut off', () => {
  for (const [at, text] of [
    [NOON, '2026-04-06T12:00:00Z'],
    [NOON + 999, '2026-04-06T12:00:00Z'],
    [NOON + 1000, '2026-04-06T12:00:01Z'],
    [NOON, '2026-04-06T12:00:00Z'],
    [NOON - 1, '2026-04-06T11:59:59Z'],
    [0, '1970-01-01T00:00:00Z'],
    [LAST_MOMENT, '9999-12-31T23:59:59Z'],
  ] as const) {
    expect(toProviderTime(at)).toBe(text);
  }
});

test('the sandbox writes milliseconds', () => {
  expect(toSandboxTime(NOON + 7)).toBe('2026-04-06T12:00:00.007Z');
});

test.each([
  [0, true],
  [NOON, true],
  [LAST_MOMENT, true],
  [LAST_MOMENT + 1, false],
  [-1, false],
  [Number.NaN, false],
  ['0', false],
  [null, false],
])('%s is a moment: %s', (at, is) => {
  expect(isMoment(at)).toBe(is);
});

describe('a time is read from RFC 3339', () => {
  test.each([
    ['2026-04-06T12:00:00Z', NOON],
    ['2026-04-06T12:00:00.5Z', NOON + 500],
    ['2026-04-06T12:00:00.007123456Z', NOON + 7],
    ['2026-04-06T14:00:00+02:00', NOON],
    ['2026-04-06T07:30:00-04:30', NOON],
  ])('%s', (text, at) => {
    expect(parseTime(text)).toBe(at);
  });

  test.each([
    '',
    'tomorrow',
    '2026-04-06',
    '2026-04-06 12:00:00Z',
    '2026-04-06T12:00Z',
    '2026-04-06T12:00:00',
    '2026-04-06T12:00:00.Z',
    '2026-04-06T12:00:00.1234567890Z',
    '2026-04-06T12:00:00+0200',
    '2026-13-06T12:00:00Z',
    '2026-04-06T25:00:00Z',
    ' 2026-04-06T12:00:00Z',
    '2026-04-06T12:00:00Z ',
    '02026-04-06T12:00:00Z',
  ])('and not from "%s"', (text) => {
    expect(parseTime(text)).toBeNull();
  });
});

describe('a span is read from', () => {
  test.each<[string | number, number]>([
    [0, 0],
    [1500, 1500],
    [1.5, 2],
    ['250', 250],
    ['250ms', 250],
    ['90s', 90_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    [' 5 m ', 300_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['35m 30s', 2_130_000],
    ['PT5M', 300_000],
    ['PT0.0015S', 2],
    ['PT1.5S', 1500],
    ['P1D', 86_400_000],
    ['P1DT2H3M4S', 93_784_000],
    ['P2DT12H', 216_000_000],
  ])('%s', (span, millis) => {
    expect(parseDuration(span)).toBe(millis);
  });

  test.each<string | number>([
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    ' ',
    'm',
    'soon',
    '-5m',
    '5 parsecs',
    '5m later',
    'in 5m',
    'P',
    'PT',
    'P1DT',
    'PT5',
    'xPT5M',
    'PT5Mx',
    'P1Y',
    '1.5',
    '+5',
  ])('and not from "%s"', (span) => {
    expect(parseDuration(span)).toBeNull();
  });
});

/** The literals of a type that also allows any other text. */
type LiteralsOf<T> = T extends string ? (string extends T ? never : T) : never;

test('every span that an editor completes is one', () => {
  const millisOf: Record<LiteralsOf<DurationText>, number> = {
    '250ms': 250,
    '30s': 30_000,
    '5m': 300_000,
    '30m': 1_800_000,
    '1h': 3_600_000,
    '1d': 86_400_000,
    '1h30m': 5_400_000,
    PT5M: 300_000,
  };
  for (const [span, millis] of Object.entries(millisOf)) expect(parseDuration(span)).toBe(millis);
});

test('an advance completes them, and takes other texts and milliseconds', () => {
  type Target = Parameters<ClockClient['advance']>[0];
  type By = Extract<Target, { readonly by: unknown }>['by'];
  expectTypeOf<By>().toEqualTypeOf<DurationText | number>();
  expectTypeOf<Parameters<Sandbox['advance']>[0]>().toEqualTypeOf<DurationText>();
  expectTypeOf<string>().toExtend<By>();
  // @ts-expect-error: exactly one of them is required
  ({}) satisfies Target;
});

test.each([
  [0, '0ms'],
  [0.4, '0ms'],
  [250, '250ms'],
  [999, '999ms'],
  [1000, '1s'],
  [1500, '1.5s'],
  [9999, '10.0s'],
  [10_000, '10s'],
  [10_400, '10s'],
  [10_600, '11s'],
  [60_000, '1m'],
  [2_130_000, '35m 30s'],
  [3_600_000, '1h'],
  [5_400_000, '1h 30m'],
  [86_400_000, '1d'],
  [90_061_000, '1d 1h 1m 1s'],
])('%i ms is written %s', (millis, text) => {
  expect(formatDuration(millis)).toBe(text);
});

/**
 * Classes of timestamps.
 *
 * @module
 */
import type { Level } from '../../check.ts';
import { ALLOWED, ONLY_JSON, ORDINARY, textClass, type InputClass } from '../input-class.ts';

const DAY_MS = 86_400_000;

/** `2026-04-06T14:23:17Z` → `2026-04-06`. */
export const dateOf = (time: string): string => time.slice(0, 10);
export const clockOf = (time: string): string => time.slice(11, 19);

/** The day before, so that no time of it lies in the future. */
const dayBefore = (time: string): string =>
  new Date(Date.parse(`${dateOf(time)}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);

const at = (name: string, phrase: string, clock: string, holds: RegExp): InputClass =>
  textClass(
    name,
    phrase,
    'MUST',
    (plain) => `${dayBefore(plain)}T${clock}Z`,
    (value) => holds.test(clockOf(value)),
    ORDINARY,
  );

/** The last day of this kind before the plain time. */
const on = (name: string, phrase: string, day: string, clock = '10:20:30'): InputClass =>
  textClass(
    name,
    phrase,
    'SHOULD',
    (plain) => {
      const year = Number(plain.slice(0, 4));
      const last = [0, 1, 2, 3, 4, 5, 6, 7, 8]
        .map((ago) => `${year - ago}-${day}`)
        .find((date) => isDay(date) && date < dateOf(plain));
      return `${last}T${clock}Z`;
    },
    (value) => value.slice(5, 10) === day,
    ALLOWED,
  );

/** Whether the date exists: 29 February does not in most years. */
const isDay = (date: string): boolean => {
  const parsed = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
};

const written = (
  name: string,
  phrase: string,
  end: string,
  holds: RegExp,
  level: Level,
): InputClass =>
  textClass(name, phrase, level, (plain) => plain.replace(/Z$/, end), holds, ONLY_JSON);

/** What the time of any ordinary day can be. */
export const CLOCK_TIMES: readonly InputClass[] = [
  at('midnight', 'is midnight (00:00:00)', '00:00:00', /^00:00:00/),
  at('first-hour', 'is in the first hour of the day', '00:30:15', /^00:/),
  at('single-digit-hour', 'is before 10:00', '09:05:06', /^0[1-9]:/),
  at('noon', 'is exactly noon', '12:00:00', /^12:00:00/),
  at('noon-hour', 'is between 12:00 and 12:59', '12:30:15', /^12:/),
  at('afternoon', 'is after 12:59', '13:07:08', /^(1[3-9]|2)/),
  at('evening', 'is after 19:59', '21:45:59', /^2/),
  at('last-second', 'is the last second of the day', '23:59:59', /^23:59:59/),
  at('zero-seconds', 'has no seconds', '10:20:00', /:00$/),
  at('zero-minutes', 'has no minutes', '10:00:00', /:00:00$/),
];

export const DATES: readonly InputClass[] = [
  on('leap-day', 'is on 29 February', '02-29'),
  on('year-end', 'is on 31 December', '12-31', '23:59:59'),
  on('new-year', 'is on 1 January', '01-01', '00:00:00'),
  on('month-31', 'is on the 31st', '10-31'),
  on('day-above-12', 'is on a day after the 12th', '05-25'),
  on('day-below-13', 'is on a day before the 13th', '05-04'),
  on('day-08', 'is on the 8th, which is no octal number with its leading zero', '05-08'),
  on('august', 'is in August', '08-07'),
  on('september', 'is in September', '09-07'),
  on('summer-time-begins', 'is on the day on which summer time begins', '03-29', '01:30:00'),
  on('summer-time-ends', 'is on the day on which summer time ends', '10-25', '01:30:00'),
];

/** The contract's times have whole seconds and `Z`. */
const OTHER_FORMS: readonly InputClass[] = [
  written('milliseconds', 'has milliseconds', '.123Z', /\.\d+Z$/, 'INFO'),
  written('offset', 'has an offset in place of Z', '+00:00', /[+-]\d\d:\d\d$/, 'INFO'),
];

export const TIMES: readonly InputClass[] = [...CLOCK_TIMES, ...DATES, ...OTHER_FORMS];

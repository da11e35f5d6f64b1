/**
 * Times and durations as text: parsed from flags and requests, formatted for people and for the wire.
 *
 * @module
 */
import type { Millis } from './delivery.ts';

/** 9999-12-31T23:59:59.999Z: the last moment that RFC 3339 can write. */
export const LAST_MOMENT: Millis = 253_402_300_799_999;

/** True if a clock can show it. Ids begin with the time since 1970, so earlier moments have none. */
export const isMoment = (at: unknown): boolean =>
  typeof at === 'number' && at >= 0 && at <= LAST_MOMENT;

/** Clamp to {@link LAST_MOMENT}: whatever would fall due later falls due then. */
export const toMoment = (at: Millis): Millis => Math.min(at, LAST_MOMENT);

/** Cache of the last second formatted: consecutive times are mostly in the same one. */
let lastFormatted = { second: Number.NaN, text: '' };

/** Format in the provider's form, whole seconds: `2026-04-06T12:00:00Z`. Fractions are truncated. */
export const toProviderTime = (at: Millis): string => {
  const second = Math.floor(at / 1000);
  if (second !== lastFormatted.second) {
    lastFormatted = { second, text: `${new Date(at).toISOString().slice(0, -5)}Z` };
  }
  return lastFormatted.text;
};

/** Format in the sandbox's form, milliseconds: `2026-04-06T12:00:00.000Z`. */
export const toSandboxTime = (at: Millis): string => new Date(at).toISOString();

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Length of `2026-04-06T12:00:00.123456789+02:00`. */
const MAX_TIME_LENGTH = 35;

/**
 * Parse an RFC 3339 date and time.
 *
 * @returns milliseconds since the epoch, or null if `text` is not one
 */
export const parseTime = (text: string): Millis | null => {
  if (text.length > MAX_TIME_LENGTH) return null;
  const at = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at;
};

const ISO_DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
// White space has one place in each repetition, so that there is only one way to match it (no backtracking).
const PLAIN_DURATION = /^\s*(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d|w)\s*)+$/;
const PLAIN_PART = /(?<!\d)(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/g;
/** The limit in the spec: longer text is rejected unread. */
const MAX_DURATION_LENGTH = 64;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const parseIso = (text: string): Millis | null => {
  const match = ISO_DURATION.exec(text);
  if (match === null || text === 'P' || text.endsWith('T')) return null;
  const [, days, hours, minutes, seconds] = match.map((part) => Number(part ?? 0));
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1000;
};

const parsePlain = (text: string): Millis =>
  [...text.matchAll(PLAIN_PART)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (UNIT_MS[unit] ?? 0),
    0,
  );

/**
 * A duration as text, for {@link parseDuration}. Editors complete the literals, which show every form. Any other text
 * compiles, and is checked at run time.
 */
export type DurationText =
  | '250ms'
  | '30s'
  | '5m'
  | '30m'
  | '1h'
  | '1d'
  | '1h30m'
  | 'PT5M'
  | (string & {});

/**
 * Parse a duration: `5m`, `1h30m`, `90s`, `250ms`, ISO 8601 `PT5M`, or a number of milliseconds.
 *
 * @returns milliseconds, or null if it is not a duration or is negative
 */
export const parseDuration = (duration: string | number): Millis | null => {
  if (typeof duration === 'number') {
    return Number.isFinite(duration) && duration >= 0 ? Math.round(duration) : null;
  }
  if (duration.length > MAX_DURATION_LENGTH) return null;
  if (/^\d+$/.test(duration)) return Number(duration);
  const iso = parseIso(duration);
  if (iso !== null) return Math.round(iso);
  return PLAIN_DURATION.test(duration) ? Math.round(parsePlain(duration)) : null;
};

/** Format a duration for people: `5m`, `35m 30s`, `1.5s`, `250ms`. */
export const formatDuration = (millis: Millis): string => {
  if (millis < 1000) return `${Math.round(millis)}ms`;
  if (millis < 10_000 && millis % 1000 !== 0) return `${(millis / 1000).toFixed(1)}s`;
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  let rest = Math.round(millis / 1000) * 1000;
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.join(' ');
};

/**
 * Times and spans as people and wires write them.
 *
 * @module
 */
import parseDuration from 'parse-duration';
import type { Millis } from './delivery.ts';

/** 9999-12-31T23:59:59.999Z: the last moment that RFC 3339 can write. */
export const LAST_MOMENT: Millis = 253_402_300_799_999;

/** Whether a clock can show it: ids begin with the time since 1970. */
export const isMoment = (at: unknown): boolean =>
  typeof at === 'number' && at >= 0 && at <= LAST_MOMENT;

/** The same moment, or the last one: what falls due later falls due then. */
export const toMoment = (at: Millis): Millis => Math.min(at, LAST_MOMENT);

/** The second that was written last: most times that are written one after the other are in the same one. */
let written = { second: Number.NaN, text: '' };

/** The provider's form, whole seconds: `2026-04-06T12:00:00Z`. Fractions are cut off. */
export const toProviderTime = (at: Millis): string => {
  const second = Math.floor(at / 1000);
  if (second !== written.second) {
    written = { second, text: `${new Date(at).toISOString().slice(0, -5)}Z` };
  }
  return written.text;
};

/** The sandbox's form, milliseconds: `2026-04-06T12:00:00.000Z`. */
export const toSandboxTime = (at: Millis): string => new Date(at).toISOString();

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** `2026-04-06T12:00:00.123456789+02:00` */
const MAX_TIME_LENGTH = 35;

/** @returns milliseconds, or null when `text` is no RFC 3339 date and time. */
export const parseTime = (text: string): Millis | null => {
  if (text.length > MAX_TIME_LENGTH) return null;
  const at = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at;
};

const ISO_SPAN = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
// White space stands in one place of each repetition, so that there is one way only to match it.
const PLAIN_SPAN = /^\s*(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d|w)\s*)+$/;
/** As in the spec: nobody writes a longer one, and what is longer need not be read. */
const MAX_SPAN_LENGTH = 64;

const isoSpan = (text: string): Millis | null => {
  const match = ISO_SPAN.exec(text);
  if (match === null || text === 'P' || text.endsWith('T')) return null;
  const [, days, hours, minutes, seconds] = match.map((part) => Number(part ?? 0));
  return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1000;
};

/**
 * Reads a span of time: `5m`, `1h30m`, `90s`, `250ms`, ISO 8601 `PT5M`, or a number of milliseconds.
 *
 * @returns milliseconds, or null when `span` is none or negative.
 */
export const parseSpan = (span: string | number): Millis | null => {
  if (typeof span === 'number') return Number.isFinite(span) && span >= 0 ? Math.round(span) : null;
  if (span.length > MAX_SPAN_LENGTH) return null;
  if (/^\d+$/.test(span)) return Number(span);
  const iso = isoSpan(span);
  if (iso !== null) return Math.round(iso);
  if (!PLAIN_SPAN.test(span)) return null;
  const millis = parseDuration(span);
  return millis === null ? null : Math.round(millis);
};

/** Writes a span for a person: `5m`, `35m 30s`, `1.5s`, `250ms`. */
export const formatSpan = (millis: Millis): string => {
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

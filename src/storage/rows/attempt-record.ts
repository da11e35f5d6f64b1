/**
 * How an attempt is kept: a JSON list of everything but its number, which is its place among its delivery's.
 *
 * @module
 */
import type { Attempt } from '../../domain/delivery.ts';
import { isMoment } from '../../domain/time.ts';

type AttemptFields = [
  startedAt: Attempt['startedAt'],
  endedAt: Attempt['endedAt'],
  durationMs: Attempt['durationMs'],
  outcome: Attempt['outcome'],
  error: Attempt['error'],
  url: Attempt['url'],
  signature: Attempt['signature'],
  response: Attempt['response'],
  nextAttemptAt: Attempt['nextAttemptAt'],
  // Left out where nothing was made to go wrong, which is nearly everywhere.
  fault?: NonNullable<Attempt['fault']>,
];

/** @param nextAttemptAt when the next one is really planned for: its webhook may be gone by now */
export const writeAttempt = (attempt: Attempt, nextAttemptAt: Attempt['nextAttemptAt']): string => {
  const { startedAt, endedAt, durationMs, outcome, error, url, signature, response } = attempt;
  const fields: AttemptFields = [
    startedAt,
    endedAt,
    durationMs,
    outcome,
    error,
    url,
    signature,
    response,
    nextAttemptAt,
  ];
  if (attempt.fault !== null) fields.push(attempt.fault);
  return JSON.stringify(fields);
};

const toAttempt = (fields: AttemptFields, index: number): Attempt => {
  const [startedAt, endedAt, durationMs, outcome, error, url, signature, response, nextAttemptAt] =
    fields;
  const fault = fields[9] ?? null;
  return {
    number: index + 1,
    startedAt,
    endedAt,
    durationMs,
    outcome,
    error,
    url,
    signature,
    response,
    nextAttemptAt,
    fault,
  };
};

/** @param records one after the other, separated by commas; null when there are none */
export const readAttempts = (records: string | null): readonly Attempt[] =>
  records === null ? [] : (JSON.parse(`[${records}]`) as AttemptFields[]).map(toAttempt);

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isText = (value: unknown): boolean => typeof value === 'string';
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);

const isHeader = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(isText);

const isResponse = (value: unknown): boolean => {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  const { status, headers, body, truncated } = value as Record<string, unknown>;
  return (
    isNumber(status) &&
    Array.isArray(headers) &&
    headers.every(isHeader) &&
    isText(body) &&
    typeof truncated === 'boolean'
  );
};

const isFault = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  const { name, rule } = value as Record<string, unknown>;
  return isText(name) && isText(rule);
};

const FIELDS: readonly ((value: unknown) => boolean)[] = [
  isMoment,
  isMoment,
  isNumber,
  isText,
  isTextOrNull,
  isText,
  isTextOrNull,
  isResponse,
  (value) => value === null || isMoment(value),
];

/** Whether {@link readAttempts} can read it. */
export const isAttemptRecord = (fields: unknown): boolean =>
  Array.isArray(fields) &&
  (fields.length === FIELDS.length ||
    (fields.length === FIELDS.length + 1 && isFault(fields[9]))) &&
  FIELDS.every((fits, index) => fits(fields[index]));

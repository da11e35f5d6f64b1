/**
 * How an attempt is kept: a JSON list of everything but its number, which is its place among its delivery's.
 *
 * @module
 */
import type { Attempt } from '../../domain/delivery.ts';
import { isMoment } from '../../domain/time.ts';

type AttemptFields = [
  Attempt['startedAt'],
  Attempt['endedAt'],
  Attempt['durationMs'],
  Attempt['outcome'],
  Attempt['error'],
  Attempt['url'],
  Attempt['signature'],
  Attempt['response'],
  Attempt['nextAttemptAt'],
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
  return JSON.stringify(fields);
};

const toAttempt = (fields: AttemptFields, index: number): Attempt => {
  const [startedAt, endedAt, durationMs, outcome, error, url, signature, response, nextAttemptAt] =
    fields;
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
  fields.length === FIELDS.length &&
  FIELDS.every((fits, index) => fits(fields[index]));

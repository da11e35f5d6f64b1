/**
 * Serialised attempts: a JSON array of all fields but the number, which is the attempt's position in its delivery.
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
  // Omitted without a fault, which is the usual case.
  fault?: NonNullable<Attempt['fault']>,
];

/**
 * Serialises an attempt.
 *
 * @param nextAttemptAt replaces the attempt's own: null if its webhook was deleted meanwhile
 */
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

/**
 * Parses the attempts of a delivery.
 *
 * @param records serialised attempts, separated by commas; null without attempts
 */
export const readAttempts = (records: string | null): readonly Attempt[] =>
  records === null ? [] : (JSON.parse(`[${records}]`) as AttemptFields[]).map(toAttempt);

const isNumber = (value: unknown): boolean => typeof value === 'number';
const isString = (value: unknown): boolean => typeof value === 'string';
const isStringOrNull = (value: unknown): boolean => value === null || isString(value);

const isHeader = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(isString);

const isResponse = (value: unknown): boolean => {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  const { status, headers, body, truncated } = value as Record<string, unknown>;
  return (
    isNumber(status) &&
    Array.isArray(headers) &&
    headers.every(isHeader) &&
    isString(body) &&
    typeof truncated === 'boolean'
  );
};

const isFault = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  const { name, rule } = value as Record<string, unknown>;
  return isString(name) && isString(rule);
};

const FIELDS: readonly ((value: unknown) => boolean)[] = [
  isMoment,
  isMoment,
  isNumber,
  isString,
  isStringOrNull,
  isString,
  isStringOrNull,
  isResponse,
  (value) => value === null || isMoment(value),
];

/** Whether parsed JSON is an attempt that {@link readAttempts} understands. */
export const isAttemptRecord = (fields: unknown): boolean =>
  Array.isArray(fields) &&
  (fields.length === FIELDS.length ||
    (fields.length === FIELDS.length + 1 && isFault(fields[9]))) &&
  FIELDS.every((isValid, index) => isValid(fields[index]));

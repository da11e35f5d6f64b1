/**
 * Input classes: named kinds of values that a field of an event may hold, such as "an address with an apostrophe".
 *
 * A class has a level with its reason, because what the contract allows differs from what JSON allows:
 *
 * - `MUST`: documented, or sent today by a provider that follows the contract's schemas with ordinary data.
 * - `SHOULD`: allowed by the schemas, but rare or without a documented limit; or new values that may come one day.
 * - `INFO`: only JSON allows it. No provider of this contract is known to send it.
 *
 * @module
 */
import type { Level } from '../check.ts';

export interface InputClass {
  /** Stable name, unique within its field: part of a finding's key. */
  readonly name: string;
  /** Completes "whose `lead_email` …": "contains an apostrophe". */
  readonly phrase: string;
  readonly level: Level;
  /** Why it has this level. */
  readonly reason: string;
  /** Build a value of this class from a plain value of the same field; undefined leaves the member out. */
  readonly make: (plain: unknown) => unknown;
  /** Whether any value, however it was made, belongs to this class. */
  readonly holds: (value: unknown) => boolean;
  /** It adds to a value and leaves the rest as it is, so that several classes fit into one value. */
  readonly adds?: boolean;
}

export const ORDINARY = 'sent today: ordinary data of leads, campaigns and replies';
export const ALLOWED = 'allowed by the schema; rare, or of a length that is not documented';
export const MAY_COME = 'not documented; what may come one day';
export const ONLY_JSON = 'only JSON allows it; no provider of this contract is known to send it';

const REASONS: Readonly<Record<Level, string>> = {
  MUST: ORDINARY,
  SHOULD: ALLOWED,
  INFO: ONLY_JSON,
};

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A class of texts. @param holds a pattern, or a predicate */
export const textClass = (
  name: string,
  phrase: string,
  level: Level,
  make: (plain: string) => unknown,
  holds: RegExp | ((value: string) => boolean),
  reason: string = REASONS[level],
): InputClass => ({
  name,
  phrase,
  level,
  reason,
  make: (plain) => make(text(plain)),
  holds: (value) =>
    typeof value === 'string' && (holds instanceof RegExp ? holds.test(value) : holds(value)),
});

/** A class of exactly one value. */
export const valueClass = (
  value: unknown,
  level: Level,
  reason: string = REASONS[level],
  phrase = `is ${JSON.stringify(value) ?? 'absent'}`,
): InputClass => {
  const written = JSON.stringify(value);
  return {
    name: written ?? 'absent',
    phrase,
    level,
    reason,
    make: () => value,
    holds: (other) => JSON.stringify(other) === written,
  };
};

/** Characters as people count them, apart from combining marks. */
export const characters = (value: string): number => Array.from(value).length;

/**
 * What JSON Schema 2020-12 means and zod has no word for, as checks. Copied verbatim into `schemas/`.
 *
 * @module
 */
import * as z from 'zod';

type Payload<T> = z.core.ParsePayload<T>;
type Check<T> = (payload: Payload<T>) => void;

/** A number without a fraction, of any size: 1.0 and 1e300 are integers in JSON Schema. */
export const integer = (): z.ZodNumber =>
  z.number().check((payload) => {
    if (Number.isInteger(payload.value)) return;
    payload.issues.push({ code: 'invalid_type', expected: 'int', input: payload.value });
  });

/** Formats that are known, each a test of the whole text. */
export const FORMATS = {
  'date-time': (text: string): boolean => {
    const parts = text.split(/t|\s/i);
    return parts.length === 2 && isDate(parts[0] ?? '') && isTime(parts[1] ?? '');
  },
  email: (text: string): boolean =>
    /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i.test(
      text,
    ),
} as const;

/** A text of one of the known formats. */
export const format =
  (name: keyof typeof FORMATS): Check<string> =>
  ({ value, issues }) => {
    if (FORMATS[name](value)) return;
    const words = name === 'email' ? 'an e-mail address' : 'a time such as 2026-04-06T12:00:00Z';
    issues.push({
      code: 'invalid_format',
      format: name,
      origin: 'string',
      input: value,
      message: `Invalid string: expected ${words}`,
    });
  };

/** No two items are equal, whatever the order of their keys. */
export const uniqueItems: Check<readonly unknown[]> = ({ value, issues }) => {
  for (let at = 1; at < value.length; at++) {
    const first = value.findIndex((item, index) => index < at && isEqual(item, value[at]));
    if (first === -1) continue;
    issues.push({
      code: 'custom',
      path: [at],
      input: value[at],
      message: `Duplicate: expected every item once, but [${at}] repeats [${first}]`,
    });
    return;
  }
};

/** A text that must be a list's only item. */
export const standsAlone =
  (loner: string): Check<readonly unknown[]> =>
  ({ value, issues }) => {
    if (value.length < 2 || !value.includes(loner)) return;
    const message = `Pass "${loner}" alone, or leave it out`;
    issues.push({ code: 'custom', input: value, message });
  };

/** A text that is one of a list today. Texts that are not in the list are accepted too. */
export const openEnum = <const Known extends readonly [string, ...string[]]>(
  known: Known,
): z.ZodType<Known[number] | (string & {}), string> =>
  z.union([z.enum(known), z.string()], {
    error: 'Invalid input: expected string',
  });

declare const unknownName: unique symbol;

/**
 * A name other than the described ones.
 *
 * It is a plain text; its type keeps apart from theirs, so that comparing with one of them narrows a union.
 * `String(name)` has the type `string`.
 */
// oxlint-disable-next-line typescript/no-wrapper-object-types -- a type of its own that is made of a text
export interface UnknownName extends String {
  readonly [unknownName]: true;
}

/** Any text other than the described ones. */
export const nameOtherThan = (...known: readonly string[]): z.ZodType<UnknownName, string> =>
  z.string().refine((name) => !known.includes(name), {
    abort: true,
    error: ({ input }) => `"${String(input)}" is a known name, which has a schema of its own`,
  }) as unknown as z.ZodType<UnknownName, string>;

/**
 * A union that one field discriminates, with a branch for values that are not described. A value that is
 * described but is wrong in something else is refused with what its own schema says.
 */
export const openUnion = <Known extends z.ZodType, Unknown extends z.ZodType>(
  known: Known,
  unknown: Unknown,
): z.ZodUnion<[Known, Unknown]> =>
  z.union([known, unknown], {
    error: (issue) => {
      const [ofKnown = [], ofUnknown = []] =
        issue.code === 'invalid_union' ? (issue as z.core.$ZodIssueInvalidUnion).errors : [];
      const isNew = ofKnown.some((one) => one.code === 'invalid_union' && one.errors.length === 0);
      return (isNew ? ofUnknown : ofKnown)
        .map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
        .join('; ');
    },
  });

/** Has these fields, whatever they hold. */
export const required =
  (...names: readonly string[]): Check<object> =>
  ({ value, issues }) => {
    for (const name of names) {
      if ((value as Record<string, unknown>)[name] !== undefined) continue;
      issues.push({
        code: 'invalid_type',
        expected: 'nonoptional',
        input: undefined,
        path: [name],
      });
    }
  };

/** Require a minimum number of fields. */
export const minProperties =
  (minimum: number): Check<object> =>
  ({ value, issues }) => {
    const count = Object.keys(value).length;
    if (count >= minimum) return;
    const message = `Too few fields: expected at least ${minimum}, received ${count}`;
    issues.push({ code: 'custom', input: value, message, params: { minProperties: minimum } });
  };

/** Limit the number of fields. */
export const maxProperties =
  (maximum: number): Check<object> =>
  ({ value, issues }) => {
    const count = Object.keys(value).length;
    if (count <= maximum) return;
    const message = `Too many fields: expected at most ${maximum}, received ${count}`;
    issues.push({ code: 'custom', input: value, message, params: { maxProperties: maximum } });
  };

/** All fields of exactly one of these sets, whatever they hold. */
export const exactlyOneOf =
  (...sets: readonly (readonly string[])[]): Check<object> =>
  ({ value, issues }) => {
    const met = sets.filter((names) => hasAll(value, names)).length;
    if (met === 1) return;
    const message = `Expected exactly one of ${showSets(sets)}, received ${met === 0 ? 'none' : met}`;
    issues.push({ code: 'custom', input: value, message, params: { exactlyOneOf: sets } });
  };

/** All fields of at least one of these sets, whatever they hold. */
export const atLeastOneOf =
  (...sets: readonly (readonly string[])[]): Check<object> =>
  ({ value, issues }) => {
    if (sets.some((names) => hasAll(value, names))) return;
    const message = `Expected at least one of ${showSets(sets)}, received none`;
    issues.push({ code: 'custom', input: value, message, params: { atLeastOneOf: sets } });
  };

const hasAll = (value: object, names: readonly string[]): boolean =>
  names.every((name) => (value as Record<string, unknown>)[name] !== undefined);

const showSets = (sets: readonly (readonly string[])[]): string =>
  sets.map((names) => names.map((name) => `"${name}"`).join(' with ')).join(', ');

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  if (month < 1 || month > 12) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day >= 1 && day <= days;
}

/** RFC 3339's full-time, a leap second only where UTC can have one. */
function isTime(text: string): boolean {
  const found = /^(\d\d):(\d\d):(\d\d(?:\.\d+)?)(?:z|([+-])(\d\d)(?::?(\d\d))?)$/i.exec(text);
  if (!found) return false;
  const [hour, minute, second] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const sign = found[4] === '-' ? -1 : 1;
  const [zoneHour, zoneMinute] = [Number(found[5] ?? 0), Number(found[6] ?? 0)];
  if (zoneHour > 23 || zoneMinute > 59) return false;
  if (hour <= 23 && minute <= 59 && second < 60) return true;
  const utcMinute = minute - zoneMinute * sign;
  const utcHour = hour - zoneHour * sign - (utcMinute < 0 ? 1 : 0);
  return [23, -1].includes(utcHour) && [59, -1].includes(utcMinute) && second < 61;
}

/** Equal as JSON Schema has it: 1 and 1.0 are one number, the order of keys says nothing. */
function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, at) => isEqual(item, other[at]));
  }
  const [left, right] = [Object.entries(one), Object.entries(other)];
  return (
    left.length === right.length &&
    left.every(
      ([key, value]) => Object.hasOwn(other, key) && isEqual(value, Reflect.get(other, key)),
    )
  );
}

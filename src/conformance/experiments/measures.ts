/**
 * Measures of values: numbers in which two values differ, such as the length of a top-level domain. Where every refused
 * value lies on one side of every accepted one, bisection finds the threshold.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import {
  domainOf,
  localOf,
  topLevelOf,
  withLocal,
  withTopLevel,
} from '../explore/classes/addresses.ts';
import { wordsOf } from '../explore/classes/names.ts';
import { prefixOf } from '../explore/classes/scalars.ts';
import { textOfLength } from '../explore/classes/texts.ts';
import type { Field } from '../explore/fields.ts';
import { characters, text } from '../explore/input-class.ts';

export interface Measure {
  readonly name: string;
  /** @returns null for a value that has no such measure */
  readonly of: (value: unknown) => number | null;
  /** Completes "whose `lead_email` …". @param limit the greatest accepted number */
  readonly above: (limit: number) => string;
  /** @param limit the least accepted number */
  readonly below: (limit: number) => string;
  /** The only number that is accepted; null where that makes no sense. */
  readonly other?: (only: number) => string;
  /** A value with exactly this measure, from a plain one; null where a probe is not possible. */
  readonly make: ((count: number, plain: unknown) => unknown) | null;
  /** A value that is as long as the given one, and as the plain one in this measure: if it is refused, the length decides. */
  readonly asLong?: (value: unknown, plain: unknown) => unknown;
}

const n = inDigitGroups;
const ofText =
  (measure: (value: string) => number) =>
  (value: unknown): number | null =>
    typeof value === 'string' ? measure(value) : null;

const LENGTH: Measure = {
  name: 'characters',
  // What is empty is so on purpose: it tells nothing of a length.
  of: (value) => (value === '' ? null : ofText(characters)(value)),
  above: (limit) => `is longer than ${n(limit)} characters`,
  below: (limit) => `is shorter than ${n(limit)} characters`,
  make: (count) => textOfLength(count),
};

const BYTES: Measure = {
  name: 'bytes',
  of: (value) => (value === '' ? null : ofText((one) => Buffer.byteLength(one))(value)),
  above: (limit) => `is longer than ${n(limit)} bytes in UTF-8`,
  below: (limit) => `is shorter than ${n(limit)} bytes in UTF-8`,
  make: (count) => textOfLength(count),
};

/** As many words as the plain name has: one word more would be another difference. */
const nameOfLength = (count: number, plain: unknown): unknown => {
  const [first = 'Mary', ...rest] = wordsOf(text(plain));
  const end = rest.map((word) => ` ${word}`).join('');
  const room = count - characters(end);
  return room < 1 ? null : first.slice(0, room).padEnd(room, 'a') + end;
};

const WORDS: Measure = {
  name: 'words',
  of: ofText((value) => wordsOf(value).length),
  above: (limit) => `has more than ${n(limit)} ${limit === 1 ? 'word' : 'words'}`,
  below: (limit) =>
    limit === 2 ? 'is a single word, or has no word' : `has fewer than ${n(limit)} words`,
  other: (only) => `does not have exactly ${n(only)} words, such as a single word`,
  // Short ones, where they are many: a limit on the length would count them, too.
  make: (count) => Array.from({ length: count }, () => (count > 5 ? 'Jo' : 'Mary')).join(' '),
  asLong: (value, plain) => nameOfLength(characters(text(value)), plain),
};

const TOP_LEVEL: Measure = {
  name: 'top-level-domain',
  of: ofText((value) => topLevelOf(value).length),
  above: (limit) => `has a top-level domain of more than ${n(limit)} letters`,
  below: (limit) => `has a top-level domain of fewer than ${n(limit)} letters`,
  make: (count, plain) =>
    withTopLevel(text(plain), 'photographyandeverything'.slice(0, count).padEnd(count, 'x')),
};

const LOCAL_PART: Measure = {
  name: 'local-part',
  of: ofText((value) => localOf(value).length),
  above: (limit) => `has more than ${n(limit)} characters before the @`,
  below: (limit) => `has fewer than ${n(limit)} characters before the @`,
  make: (count, plain) =>
    withLocal(text(plain), (local) =>
      local.replaceAll(/\W/g, '').slice(-count).padStart(count, 'x'),
    ),
};

const DOMAIN_LABELS: Measure = {
  name: 'domain-labels',
  of: ofText((value) => domainOf(value).split('.').length),
  above: (limit) => `has a domain of more than ${n(limit)} parts`,
  below: (limit) => `has a domain of fewer than ${n(limit)} parts`,
  make: null,
};

const ADDRESS_LENGTH: Measure = {
  ...LENGTH,
  make: (count, plain) => {
    const address = text(plain);
    const missing = count - address.length;
    if (missing < 2) return null;
    const labels = Array.from({ length: Math.ceil(missing / 50) }, (_, at) =>
      'd'.repeat(Math.min(50, missing - at * 50) - 1),
    ).filter((label) => label !== '');
    return `${localOf(address)}@${[...labels, domainOf(address)].join('.')}`;
  },
};

const ID_LENGTH: Measure = {
  ...LENGTH,
  make: (count, plain) => {
    const id = text(plain);
    return id.length > count
      ? prefixOf(id) + id.slice(id.length - count + prefixOf(id).length)
      : id.padEnd(count, 'x');
  },
};

const VALUE: Measure = {
  name: 'value',
  of: (value) => (typeof value === 'number' ? value : null),
  above: (limit) => `is greater than ${n(limit)}`,
  below: (limit) => `is less than ${n(limit)}`,
  make: (count) => count,
};

const linkOfLength = (count: number): string => 'https://example.com/'.padEnd(count, 'a');

const MEASURES: Partial<Record<Field['meaning'], readonly Measure[]>> = {
  text: [LENGTH, BYTES],
  name: [WORDS, { ...LENGTH, make: nameOfLength }, { ...BYTES, make: nameOfLength }],
  address: [TOP_LEVEL, LOCAL_PART, DOMAIN_LABELS, ADDRESS_LENGTH],
  id: [ID_LENGTH],
  count: [VALUE],
  link: [{ ...LENGTH, make: linkOfLength }],
};

const MINUTE_MS = 60_000;

const age = (minutes: number): string => {
  if (minutes < 120) return `${minutes} minutes`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} hours`;
  return `${Math.floor(minutes / 1440)} days`;
};

/** @param now milliseconds since 1970 */
const ageAt = (now: number): Measure => ({
  name: 'age',
  of: ofText((value) => Math.floor((now - Date.parse(value)) / MINUTE_MS)),
  above: (limit) =>
    limit < 2
      ? 'is older than that of an event before it'
      : `is older than about ${age(limit + 1)}`,
  below: (limit) => `is newer than about ${age(limit)}`,
  make: (count) => `${new Date(now - count * MINUTE_MS).toISOString().slice(0, 19)}Z`,
});

export const measuresOf = ({ meaning }: Field, now: number): readonly Measure[] =>
  meaning === 'time' ? [ageAt(now)] : (MEASURES[meaning] ?? []);

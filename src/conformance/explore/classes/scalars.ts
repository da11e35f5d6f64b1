/**
 * Classes of ids, numbers, choices, country codes, reply codes and links.
 *
 * @module
 */
import { inDigitGroups } from '../../../domain/digit-groups.ts';
import type { Level } from '../../check.ts';
import { MAY_COME, ORDINARY, textClass, valueClass, type InputClass } from '../input-class.ts';

/** What follows the prefix of an id: `evt_` and 24 letters. */
export const prefixOf = (id: string): string => id.slice(0, id.indexOf('_') + 1);
const bodyOf = (id: string): string => id.slice(id.indexOf('_') + 1);

const id = (
  name: string,
  phrase: string,
  level: Level,
  make: (body: string) => string,
  holds: (body: string) => boolean,
): InputClass =>
  textClass(
    name,
    phrase,
    level,
    (plain) => prefixOf(plain) + make(bodyOf(plain)),
    (value) => value.includes('_') && holds(bodyOf(value)),
  );

const digitsOf = (body: string): string =>
  Array.from(body, (letter) => letter.codePointAt(0)! % 10).join('');

const SPELLINGS: readonly InputClass[] = [
  id(
    'short',
    'is short',
    'SHOULD',
    (body) => body.slice(-7),
    (body) => body.length <= 7,
  ),
  id(
    'lower-case',
    'has no capital letter',
    'MUST',
    (body) => body.toLowerCase(),
    (body) => body === body.toLowerCase(),
  ),
  id(
    'capitals',
    'contains capital letters',
    'MUST',
    (body) => `A${body.toUpperCase()}`,
    (body) => /[A-Z]/.test(body),
  ),
  id(
    'underscore',
    'contains a second underscore',
    'MUST',
    (body) => `reply_${body}`,
    (body) => body.includes('_'),
  ),
  id(
    'hyphen',
    'contains a hyphen',
    'SHOULD',
    (body) => `a-${body}`,
    (body) => body.includes('-'),
  ),
  id(
    'hyphen-first',
    'has a hyphen behind its prefix',
    'SHOULD',
    (body) => `-${body}`,
    (body) => body.startsWith('-'),
  ),
  id(
    'hyphen-last',
    'ends with a hyphen',
    'SHOULD',
    (body) => `${body}-`,
    (body) => body.endsWith('-'),
  ),
  id('digits', 'has only digits behind its prefix', 'MUST', digitsOf, (body) => /^\d+$/.test(body)),
  id(
    'leading-zero',
    'has a zero behind its prefix',
    'MUST',
    (body) => `00${body}`,
    (body) => body.startsWith('0'),
  ),
];

/** An id filled up to a length. */
const filled = (name: string, phrase: string, length: number, prefix: string): InputClass =>
  id(
    name,
    phrase,
    'SHOULD',
    (body) => body.padEnd(length - prefix.length, 'x'),
    (body) => body.length + prefix.length >= length,
  );

const MAX_UNLIMITED = 200;

/** @param longest the contract's limit, prefix included; null without one */
export const idClasses = (prefix: string, longest: number | null): readonly InputClass[] => [
  ...SPELLINGS,
  filled('length-64', 'has 64 characters or more', 64, prefix),
  longest === null
    ? filled('length-200', 'has 200 characters or more', MAX_UNLIMITED, prefix)
    : filled('longest', `has ${longest} characters, the limit of the contract`, longest, prefix),
];
const ORDINARY_COUNTS = [
  2, 9, 10, 99, 127, 128, 255, 256, 999, 1000, 32_767, 32_768, 65_535, 65_536, 100_000,
];
const LARGE_COUNTS = [999_999, 2_147_483_647, 2_147_483_648, 4_294_967_296];

const count = (value: number, level: Level): InputClass =>
  valueClass(value, level, undefined, `is ${inDigitGroups(value)}`);

/** @param least the contract's minimum. @param greatest what is ordinary: a count of steps is small */
export const countClasses = (least: number, greatest: number): readonly InputClass[] => [
  ...[least, ...ORDINARY_COUNTS]
    .filter((value) => value >= least && value <= greatest)
    .map((value) => count(value, 'MUST')),
  ...LARGE_COUNTS.filter(() => greatest > 1000).map((value) => count(value, 'SHOULD')),
  ...(greatest > 1000 ? [] : [count(100, 'SHOULD')]),
  count(Number.MAX_SAFE_INTEGER, 'INFO'),
];

/** @param values every value that the contract lists */
export const choiceClasses = (values: readonly unknown[]): readonly InputClass[] => [
  ...values.map((value) => valueClass(value, 'MUST')),
  ...(values.some((value) => typeof value === 'string')
    ? [
        textClass(
          'new-value',
          'is a value that is not listed today',
          'SHOULD',
          () => 'something_new',
          (value) => !values.includes(value),
          MAY_COME,
        ),
      ]
    : []),
];

export const COUNTRIES: readonly InputClass[] = [
  'US',
  'GB',
  'DE',
  'NO',
  'IN',
  'XK',
  'AQ',
  'ZW',
].map((code) => valueClass(code, 'MUST'));

export const REPLY_CODES: readonly InputClass[] = [
  ...['550', '421', '452', '554'].map((code) => valueClass(code, 'MUST')),
  ...['5.1.1', '4.2.2', '5.7.509', '5.4.14'].map((code) =>
    valueClass(code, 'MUST', ORDINARY, `is an enhanced code such as ${code}`),
  ),
].map((one) =>
  /such as/.test(one.phrase)
    ? { ...one, holds: (value: unknown) => typeof value === 'string' && value.includes('.') }
    : one,
);

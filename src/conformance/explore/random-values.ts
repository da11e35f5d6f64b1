/**
 * Random values for each field by its meaning, drawn by fast-check: combinations that no list of classes has.
 *
 * @module
 */
import fc from 'fast-check';
import { EVENT_TYPES } from '../../../schemas/contract.ts';
import { localOf, withLocal } from './classes/addresses.ts';
import type { Case, Change } from './case.ts';
import { fieldsOf, type Field } from './fields.ts';

const MAX_TEXT = 120;
const MAX_UNITS = 6;

/** Graphemes of any script; without what only JSON allows. */
const printable = fc
  .string({ unit: 'grapheme', maxLength: MAX_TEXT })
  .map((text) => text.replaceAll(/[\p{Cc}\p{Cn}\p{Co}\p{Cs}]/gu, ' '));

const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: MAX_TEXT });

const prose = fc
  .array(fc.lorem({ maxCount: MAX_UNITS }), { maxLength: MAX_UNITS })
  .map((parts) => parts.join('\n'));

const name = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), {
    minLength: 2,
    maxLength: 4,
  })
  .map((words) => words.map((word) => word.replaceAll(/[\s\p{C}]/gu, 'x')).join(' '));

type Make = (plain: unknown) => unknown;
const always =
  (value: unknown): Make =>
  () =>
    value;

/** A local part that is dots, letters and digits, before the fresh one. */
const localPart = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019._-+'), minLength: 1, maxLength: 12 })
  .map((part) => `a${part.replaceAll(/\.+/g, '.').replaceAll(/^\.|\.$/g, '')}`);

/** As of any URL: plain characters, those with a meaning elsewhere, and encoded text of one to four bytes. */
const urlText = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(..."abcXYZ019-._~!$&'()*+,;=:@"),
        fc.constantFrom(' ', '%', '/', 'é', '漢', '😀').map(encodeURIComponent),
      ),
      { maxLength },
    )
    .map((units) => units.join(''));

const hostLabel = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?$/);

/** `fc.webUrl` does the same, but building it takes most of a second. */
const url = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.array(hostLabel, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('com', 'io', 'example'),
    fc.array(urlText(8), { maxLength: 4 }),
    fc.option(urlText(16)),
    fc.option(urlText(8)),
  )
  .map(([scheme, labels, top, path, query, fragment]) => {
    const rest = `${query === null ? '' : `?${query}`}${fragment === null ? '' : `#${fragment}`}`;
    return `${scheme}://${labels.join('.')}.${top}/${path.join('/')}${rest}`;
  });

const VALUES: Partial<Record<Field['meaning'], fc.Arbitrary<Make>>> = {
  text: fc.oneof(printable, ascii, prose).map(always),
  name: fc
    .oneof(
      name,
      ascii.filter((text) => text.trim() !== ''),
    )
    .map(always),
  address: localPart.map(
    (part): Make =>
      (plain) =>
        withLocal(String(plain), () => `${part}.${localOf(String(plain))}`),
  ),
  count: fc.integer({ min: 1, max: 100_000 }).map(always),
  link: url.map(always),
};

const isTried = ({ meaning, name: field }: Field): boolean =>
  meaning in VALUES && field !== 'sequence_step';

const caseOf = (type: (typeof EVENT_TYPES)[number]): fc.Arbitrary<Case> => {
  const fields = fieldsOf(type).filter(isTried);
  const values = fields.map(({ meaning }) => VALUES[meaning]!);
  return fc.tuple(...values).map((makes) => ({
    type,
    changes: makes.map((make, at): Change => ({
      field: fields[at]!,
      name: 'has a random value',
      level: 'MUST',
      make,
    })),
  }));
};

/** @param seed the same cases for the same seed */
export const randomCases = (count: number, seed: number): readonly Case[] =>
  fc.sample(fc.oneof(...EVENT_TYPES.map(caseOf)), { seed, numRuns: count });

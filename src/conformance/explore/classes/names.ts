/**
 * Classes of names: of a person, a company or a campaign.
 *
 * @module
 */
import { ALLOWED, ONLY_JSON, textClass, type InputClass } from '../input-class.ts';
import { TEXTS } from './texts.ts';

export const wordsOf = (value: string): readonly string[] =>
  value.split(/\s+/).filter((word) => word !== '');

const exactly = (name: string, phrase: string, sample: string, words: number): InputClass =>
  textClass(
    name,
    phrase,
    'MUST',
    () => sample,
    (value) => wordsOf(value).length === words,
  );

const sample = (name: string, phrase: string, value: string, holds: RegExp): InputClass =>
  textClass(name, phrase, 'MUST', () => value, holds);

const NO_LATIN = /^[^A-Za-z0-9]+$/;

const OWN: readonly InputClass[] = [
  exactly('one-word', 'is a single word', 'Cher', 1),
  exactly('three-words', 'has three words', 'Mary Jane Watson', 3),
  exactly('five-words', 'has five words', 'Juan Carlos de la Cruz', 5),
  sample('chinese', 'has no Latin letter or digit', '王小明', NO_LATIN),
  sample('cyrillic-name', 'has no Latin letter or digit', 'Ольга Иванова', NO_LATIN),
  sample('arabic-name', 'has no Latin letter or digit', 'عمر الشريف', NO_LATIN),
  sample('accents', 'contains a letter beyond ASCII', 'Zoë Ødegård', /[^\0-\u007F]/),
  sample('apostrophe-name', 'contains an apostrophe', "Conan O'Brien", /'/),
  sample('hyphen-name', 'contains a hyphen', 'Jean-Luc Picard', /-/),
  sample('initial', 'contains a dot', 'J. R. Smith', /\./),
  sample('last-first', 'contains a comma', 'Chen, Sarah', /,/),
  sample('lower-case', 'has no capital letter', 'bell hooks', /^[^\p{Lu}]+$/u),
  sample('upper-case', 'has no small letter', 'SARAH CHEN', /^[^\p{Ll}]+$/u),
  sample('ordinal', 'contains a digit', 'Louis Ford 3rd', /\d/),
  sample('one-letter-word', 'has a word of one letter', 'X Chen', /(^| )\p{L}( |$)/u),
];

/** Levels of texts that differ in names: a name that is empty is left out, and no person has 200 letters. */
const RARER: ReadonlySet<string> = new Set(['empty', 'white-space', 'trailing-newline']);

/** In a name, control characters have no place. */
const inNames = (one: InputClass): InputClass => {
  if (RARER.has(one.name)) return { ...one, level: 'SHOULD', reason: ALLOWED };
  return one.level === 'SHOULD' ? { ...one, level: 'INFO', reason: ONLY_JSON } : one;
};

export const NAMES: readonly InputClass[] = [...OWN, ...TEXTS.map(inNames)];

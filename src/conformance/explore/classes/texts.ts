/**
 * Classes of free texts: replies, bounce messages, user agents, names of people, companies and campaigns.
 *
 * @module
 */
import { inDigitGroups } from '../../../domain/digit-groups.ts';
import type { Level } from '../../check.ts';
import { ONLY_JSON, textClass, type InputClass } from '../input-class.ts';

/** Inserts a piece in the middle of an ordinary sentence. */
const containing = (
  name: string,
  what: string,
  piece: string,
  level: Level = 'MUST',
): InputClass => ({
  ...textClass(
    name,
    `contains ${what}`,
    level,
    (plain) => insertInto(plain, piece),
    (value) => value.includes(piece),
  ),
  adds: true,
});

const matching = (
  name: string,
  what: string,
  piece: string,
  holds: RegExp,
  level: Level = 'MUST',
): InputClass => ({
  ...textClass(name, `contains ${what}`, level, (plain) => insertInto(plain, piece), holds),
  adds: true,
});

/** After the first word, so that beginning and end stay ordinary. */
export const insertInto = (plain: string, piece: string): string => {
  const end = /\s/.exec(plain)?.index ?? plain.length;
  return `${plain.slice(0, end)}${piece}${plain.slice(end)}`;
};

const PUNCTUATION: readonly InputClass[] = [
  containing('apostrophe', 'an apostrophe', "'"),
  containing('double-quote', 'a double quote', '"'),
  containing('backtick', 'a backtick', '`'),
  containing('curly-quote', 'a typographic apostrophe', '’'),
  containing('backslash', 'a backslash', '\\'),
  containing('slash', 'a slash', '/'),
  matching('percent', 'a percent sign', '% ', /%/),
  containing('dollar', 'a dollar sign', '$'),
  containing('hash', 'a hash sign', '#'),
  containing('ampersand', 'an ampersand', '&'),
  containing('less-than', 'a less-than sign', '<'),
  containing('greater-than', 'a greater-than sign', '>'),
  containing('semicolon', 'a semicolon', ';'),
  containing('colon', 'a colon', ':'),
  containing('comma', 'a comma', ','),
  containing('pipe', 'a vertical bar', '|'),
  containing('equals', 'an equals sign', '='),
  containing('plus', 'a plus sign', '+'),
  containing('asterisk', 'an asterisk', '*'),
  containing('question', 'a question mark', '?'),
  containing('at', 'an at sign', '@'),
  containing('parenthesis', 'an opening parenthesis', '('),
  containing('close-parenthesis', 'a closing parenthesis', ')'),
  containing('bracket', 'an opening square bracket', '['),
  containing('close-bracket', 'a closing square bracket', ']'),
  containing('brace', 'an opening brace', '{'),
  containing('close-brace', 'a closing brace', '}'),
  containing('hyphen', 'a hyphen', '-'),
  containing('dash', 'a dash', '–'),
  containing('tilde', 'a tilde', '~'),
  containing('caret', 'a caret', '^'),
  containing('exclamation', 'an exclamation mark', '!'),
  containing('ellipsis', 'an ellipsis', '…'),
  matching('digit', 'a digit', ' 42', /\d/),
];

/** What template engines, formatters, queries and replacements give a meaning to. */
const SYNTAX: readonly InputClass[] = [
  containing('percent-s', 'a format directive such as %s', '%s'),
  containing('percent-d', 'a format directive such as %d', '%d'),
  containing('percent-name', 'a format directive such as %(name)s', '%(name)s'),
  containing('percent-code', 'a percent code such as %2F', '%2F'),
  containing('bad-percent-code', 'a percent sign before other letters', '%zz'),
  containing('empty-braces', 'empty braces {}', '{}'),
  containing('index-braces', 'a placeholder such as {0}', '{0}'),
  containing('name-braces', 'a placeholder such as {name}', '{name}'),
  containing('double-braces', 'a template placeholder {{…}}', '{{name}}'),
  containing('dollar-braces', 'a template placeholder ${…}', '${name}'),
  containing('dollar-name', 'a variable such as $name', '$name'),
  matching('dollar-digit', 'a replacement pattern such as $1', '$1 $&', /\$[\d&]/),
  containing('dollar-quote', "a replacement pattern such as $'", "$'"),
  containing('dollar-backtick', 'a replacement pattern such as $`', '$`'),
  matching('backslash-digit', 'a replacement pattern such as \\1', '\\1 \\g<0>', /\\[\dg]/),
  containing('erb', 'a template tag <%= … %>', '<%= name %>'),
  containing('block', 'a template block {% … %}', '{% if x %}'),
  matching('bind', 'a bind parameter such as :name', ' :name ', /:\w/),
  containing('escape', 'an escape sequence such as \\n written out', '\\n\\u0041'),
  matching('sql-comment', 'two hyphens', ' -- ', /--/),
  matching('sql', 'SQL', "'; DROP TABLE leads; --", /drop table/i),
  matching('markup', 'an HTML tag', '<b>yes</b>', /<\/?\w/),
  matching('script', 'a script element', '<script>alert(1)</script>', /<script/i),
  containing('entity', 'a character entity such as &amp;', '&amp;'),
  matching('link', 'a URL', ' https://example.com/a?b=c&d=e#f ', /https?:/),
  containing('json', 'JSON', '{"a": [1, null]}'),
  containing('markdown', 'Markdown', '**bold** _it_ [a](b)'),
  matching('mention', 'a mention such as @name', ' @name ', /@\w/),
];

/** White space and line endings. */
const SPACES: readonly InputClass[] = [
  textClass('empty', 'is empty', 'MUST', () => '', /^$/),
  textClass('white-space', 'is white space only', 'MUST', () => ' \t ', /^\s+$/),
  containing('lf', 'a line feed', '\n'),
  containing('crlf', 'a line ending CR LF', '\r\n'),
  matching('cr', 'a lone carriage return', '\r,', /\r(?!\n)/),
  containing('tab', 'a tab', '\t'),
  containing('double-space', 'two spaces in a row', '  '),
  containing('no-break-space', 'a no-break space', '\u00A0'),
  containing('line-separator', 'a line separator (U+2028)', '\u2028'),
  containing('next-line', 'a next-line character (U+0085)', '\u0085', 'SHOULD'),
  textClass('leading-space', 'begins with a space', 'MUST', (plain) => ` ${plain}`, /^\s+\S/),
  textClass('trailing-space', 'ends with a space', 'MUST', (plain) => `${plain} `, /\S\s+$/),
  textClass('trailing-newline', 'ends with a line feed', 'MUST', (plain) => `${plain}\n`, /\n$/),
];

/** Beyond ASCII. */
const SCRIPTS: readonly InputClass[] = [
  matching('accent', 'a letter beyond ASCII', ' é ', /[\u0080-\uFFFF]/),
  matching('beyond-latin-1', 'a character beyond Latin-1', ' ł ', /[^\0-\u00FF]/),
  matching('cjk', 'Chinese characters', ' 王小明 ', /[\u4E00-\u9FFF]/),
  matching('cyrillic', 'Cyrillic letters', ' Ольга ', /[\u0400-\u04FF]/),
  matching('right-to-left', 'right-to-left text', ' مرحبا ', /[\u0590-\u06FF]/),
  matching('emoji', 'an emoji', ' 👍 ', /\p{Extended_Pictographic}/u),
  matching(
    'astral',
    'a character of four bytes in UTF-8, such as an emoji',
    ' 𝒜 ',
    /[\u{10000}-\u{10FFFF}]/u,
  ),
  matching('joined-emoji', 'an emoji of several code points', ' 👩‍💻 ', /\u200D/),
  matching('combining', 'a combining mark', 'e\u0301', /\p{M}/u),
  matching('zero-width', 'a zero-width space', '\u200B', /\u200B/),
  matching('byte-order-mark', 'a byte order mark (U+FEFF)', '\uFEFF', /\uFEFF/, 'SHOULD'),
  matching('sharp-s', 'a letter whose capital form is longer (ß)', 'ß', /ß/),
  matching('dotted-i', 'a Turkish dotted İ', 'İ', /İ/),
];

const EDGES = [
  ['dash', 'a dash', '–'],
  ['hyphen', 'a hyphen', '-'],
  ['curly-quote', 'a typographic quotation mark', '“'],
  ['quote', 'a quotation mark', '"'],
  ['euro', 'a currency sign beyond ASCII', '€'],
  ['emoji', 'an emoji', '🎉'],
  ['accent', 'a letter beyond ASCII', 'É'],
  ['greater-than', 'a greater-than sign', '>'],
  ['at', 'an at sign', '@'],
  ['hash', 'a hash sign', '#'],
  ['slash', 'a slash', '/'],
  ['plus', 'a plus sign', '+'],
] as const;

/** What is trimmed, quoted or read as a command stands at the beginning or at the end. */
const AT_EDGES: readonly InputClass[] = EDGES.flatMap(([name, what, piece]) => [
  textClass(
    `begins-with-${name}`,
    `begins with ${what}`,
    'MUST',
    (plain) => `${piece} ${plain}`,
    (value) => value.startsWith(piece),
  ),
  textClass(
    `ends-with-${name}`,
    `ends with ${what}`,
    'MUST',
    (plain) => `${plain} ${piece}`,
    (value) => value.endsWith(piece),
  ),
]);

/** What code takes for another type or for nothing. */
const LOOKALIKES: readonly InputClass[] = [
  ...['null', 'Null', 'undefined', 'None', 'true', 'false', '0', '-1', '1e5', 'NaN', 'N/A'].map(
    (word) =>
      textClass(
        `word-${word}`,
        `is the text "${word}"`,
        'MUST',
        () => word,
        (value) => value === word,
      ),
  ),
  textClass('no-letter', 'contains no letter', 'MUST', () => '👍', /^[^\p{L}]+$/u),
  textClass('punctuation', 'is punctuation only', 'MUST', () => '?!', /^\p{P}+$/u),
  textClass('short', 'has two letters', 'MUST', () => 'Ok', /^\p{L}{2}$/u),
  textClass('number', 'is a number written as text', 'MUST', () => '12345', /^\d+$/),
  textClass('date', 'is a date', 'MUST', () => '2026-04-06', /^\d{4}-\d\d-\d\d$/),
  textClass(
    'date-time',
    'is a date with a time',
    'MUST',
    () => '2026-04-06T14:23:17Z',
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/,
  ),
  textClass('formula', 'begins with an equals sign', 'MUST', (plain) => `=1+${plain}`, /^=/),
  textClass('one-letter', 'is a single letter', 'MUST', () => 'a', /^\p{L}$/u),
];

/** What JSON can carry and people do not write. */
const CONTROLS: readonly InputClass[] = [
  containing('nul', 'a NUL character', '\0', 'SHOULD'),
  containing('escape-character', 'an escape character (U+001B)', '\u001B[0m', 'SHOULD'),
  matching('control', 'a control character', '\u0001', /[\u0001-\u0008\u000E-\u001F]/, 'SHOULD'),
  matching('delete', 'a DEL character (U+007F)', '\u007F', /\u007F/, 'SHOULD'),
  textClass(
    'lone-surrogate',
    'contains half of a surrogate pair',
    'INFO',
    (plain) => insertInto(plain, '\uD83D'),
    /\p{Cs}/u,
    ONLY_JSON,
  ),
  matching('noncharacter', 'a noncharacter (U+FFFF)', '\uFFFF', /\uFFFF/, 'INFO'),
];

/** What a preview may be that was cut by its number of UTF-16 units, as most languages cut. */
export const CUT_TEXTS: readonly InputClass[] = [
  textClass(
    'cut-emoji',
    'ends in the middle of an emoji (half of a surrogate pair)',
    'INFO',
    (plain) => `${plain} \uD83D`,
    /[\uD800-\uDBFF]$/,
    'a preview is cut, and most languages cut by UTF-16 units; JSON can carry the half that is left',
  ),
];

export const LENGTHS = [200, 300, 1000, 4000, 20_000, 60_000] as const;

const SENTENCE = 'Thanks for reaching out, we look at this on Thursday. ';

export const textOfLength = (length: number, unit = SENTENCE): string => {
  const units = Array.from(unit);
  const rest = units.slice(0, length % units.length).join('');
  return unit.repeat(Math.floor(length / units.length)) + rest;
};

const long = (length: number, level: Level): InputClass =>
  textClass(
    `length-${length}`,
    `has ${inDigitGroups(length)} characters or more`,
    level,
    () => textOfLength(length),
    (value) => Array.from(value).length >= length,
  );

/** @param to the greatest length that is tried */
export const lengthsUpTo = (to: number): readonly InputClass[] =>
  LENGTHS.filter((length) => length <= to).map((length) => long(length, 'SHOULD'));

/** A cut after any number of bytes splits a character of one of both. */
const cutAnywhere = (offset: number): InputClass =>
  textClass(
    `wide-offset-${offset}`,
    `has 2,000 bytes of emoji${offset === 0 ? '' : ' behind a letter'}`,
    'SHOULD',
    () => `${'a'.repeat(offset)}${'🎉'.repeat(500)}`,
    offset === 0 ? /^🎉{500}/u : /^a🎉{500}/u,
  );

const WIDE: readonly InputClass[] = [
  cutAnywhere(0),
  cutAnywhere(1),
  textClass(
    'wide-4000',
    'has 4,000 bytes of emoji',
    'SHOULD',
    () => '👍🎉'.repeat(500),
    /(\p{Extended_Pictographic}){500}/u,
  ),
  textClass(
    'wide-60000',
    'has 60,000 bytes of multi-byte characters',
    'SHOULD',
    () => `x${'é'.repeat(30_000)}`,
    /é{30000}/,
  ),
];

/** Classes that make sense of any text that a person writes. */
export const TEXTS: readonly InputClass[] = [
  ...SPACES,
  ...PUNCTUATION,
  ...SYNTAX,
  ...SCRIPTS,
  ...AT_EDGES,
  ...LOOKALIKES,
  ...CONTROLS,
  ...WIDE,
];

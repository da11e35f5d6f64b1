/**
 * Classes of ids, numbers, choices, country codes, reply codes and links.
 *
 * @module
 */
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

/** @param longest the contract's limit, prefix included; null without one */
export const idClasses = (prefix: string, longest: number | null): readonly InputClass[] => [
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
  id(
    'length-64',
    `has 64 characters or more`,
    'SHOULD',
    (body) => body.padEnd(64 - prefix.length, 'x'),
    (body) => body.length + prefix.length >= 64,
  ),
  longest === null
    ? id(
        'length-200',
        'has 200 characters or more',
        'SHOULD',
        (body) => body.padEnd(200 - prefix.length, 'x'),
        (body) => body.length + prefix.length >= 200,
      )
    : id(
        'longest',
        `has ${longest} characters, the most that the contract allows`,
        'SHOULD',
        (body) => body.padEnd(longest - prefix.length, 'x'),
        (body) => body.length + prefix.length >= longest,
      ),
];

const ORDINARY_COUNTS = [
  2, 9, 10, 99, 127, 128, 255, 256, 999, 1000, 32_767, 32_768, 65_535, 65_536, 100_000,
];
const LARGE_COUNTS = [999_999, 2_147_483_647, 2_147_483_648, 4_294_967_296];

const count = (value: number, level: Level): InputClass =>
  valueClass(value, level, undefined, `is ${value.toLocaleString('en')}`);

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

const link = (name: string, what: string, value: string, holds: RegExp, level: Level = 'MUST') =>
  textClass(name, what, level, () => value, holds);

export const LINKS: readonly InputClass[] = [
  link('no-path', 'has no path', 'https://example.com', /^https?:\/\/[^/?#]+$/),
  link('http', 'begins with http:', 'http://example.com/a', /^http:/),
  link('port', 'has a port', 'https://example.com:8443/a', /^https?:\/\/[^/]+:\d/),
  link('query', 'has a query', 'https://example.com/a?utm_source=mail', /\?/),
  link('two-parameters', 'has an ampersand in its query', 'https://example.com/?a=1&b=2', /&/),
  link(
    'same-parameter',
    'has a parameter twice',
    'https://example.com/?a=1&a=2',
    /[?&](\w+)=.*&\1=/,
  ),
  link('fragment', 'has a fragment', 'https://example.com/a#top', /#/),
  link('percent', 'contains a percent code', 'https://example.com/a%20b%2Fc', /%[\dA-F]{2}/),
  link('plus', 'contains a plus sign', 'https://example.com/?q=a+b', /\+/),
  link('tilde', 'contains a tilde', 'https://example.com/~sarah', /~/),
  link(
    'capitals',
    'has capital letters in its path',
    'https://example.com/Pricing',
    /\/[^/]*[A-Z]/,
  ),
  link('trailing-slash', 'ends with a slash', 'https://example.com/a/', /[^/]\/$/),
  link('dots', 'has a file name extension', 'https://example.com/a.b.pdf', /\.\w+$/),
  link('ip', 'has an IP address', 'https://192.0.2.7/a', /\/\/\d+\.\d+\.\d+\.\d+/),
  link('nested', 'contains another URL', 'https://example.com/?to=https://example.org/a', /.http/),
  link('user', 'has a user name', 'https://sarah@example.com/a', /\/\/[^/]*@/, 'SHOULD'),
  link('ip6', 'has an IPv6 address', 'https://[2001:db8::1]/a', /\/\/\[/, 'SHOULD'),
  link('braces', 'contains braces', 'https://example.com/?q={name}', /\{/, 'SHOULD'),
  link(
    'unicode',
    'contains a letter beyond ASCII',
    'https://example.com/zoë',
    /[^\0-\u007F]/,
    'SHOULD',
  ),
  link(
    'length-300',
    'has 300 characters or more',
    `https://example.com/${'a'.repeat(280)}`,
    /^.{300,}$/,
  ),
  link(
    'length-2000',
    'has 2,000 characters or more',
    `https://example.com/?q=${'b'.repeat(1977)}`,
    /^.{2000,}$/,
    'SHOULD',
  ),
];

/** In the query of an ordinary link. Those that RFC 3986 does not allow are copied from mails all the same. */
const inQuery = (character: string, name: string, level: Level): InputClass => ({
  ...textClass(
    `query-${name}`,
    `contains ${name}`,
    level,
    (plain) => `${plain}${plain.includes('?') ? '&' : '?'}q=a${character}b`,
    (value) => value.includes(character),
  ),
  adds: true,
});

export const LINK_CHARACTERS: readonly InputClass[] = [
  inQuery("'", 'an apostrophe', 'MUST'),
  inQuery('(', 'an opening parenthesis', 'MUST'),
  inQuery(')', 'a closing parenthesis', 'MUST'),
  inQuery('*', 'an asterisk', 'MUST'),
  inQuery('!', 'an exclamation mark', 'MUST'),
  inQuery(',', 'a comma', 'MUST'),
  inQuery(';', 'a semicolon', 'MUST'),
  inQuery(':', 'a second colon', 'MUST'),
  inQuery('@', 'an at sign', 'MUST'),
  inQuery('$', 'a dollar sign', 'MUST'),
  inQuery('%', 'a percent sign without a code', 'SHOULD'),
  inQuery('"', 'a double quote', 'SHOULD'),
  inQuery('<', 'a less-than sign', 'SHOULD'),
  inQuery('>', 'a greater-than sign', 'SHOULD'),
  inQuery('[', 'an opening square bracket', 'SHOULD'),
  inQuery(']', 'a closing square bracket', 'SHOULD'),
  inQuery('|', 'a vertical bar', 'SHOULD'),
  inQuery('\\', 'a backslash', 'SHOULD'),
  inQuery('^', 'a caret', 'SHOULD'),
  inQuery('`', 'a backtick', 'SHOULD'),
].map((one) =>
  one.name.includes('colon') && !one.name.includes('semi')
    ? { ...one, holds: (value: unknown) => typeof value === 'string' && /:.*:/.test(value) }
    : one.name.includes('percent')
      ? {
          ...one,
          holds: (value: unknown) => typeof value === 'string' && /%(?![\dA-Fa-f]{2})/.test(value),
        }
      : one,
);

/** What the programs that people read mail with call themselves. */
export const USER_AGENTS: readonly InputClass[] = [
  [
    'iPhone',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  ],
  ['Thunderbird', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0'],
  ['Outlook', 'Outlook-iOS/2.0'],
  ['Mozilla', 'Mozilla/5.0'],
  ['curl', 'curl/8.5.0'],
].map(([name = '', agent = '']) =>
  textClass(
    `agent-${name}`,
    `is that of ${name}`,
    'MUST',
    () => agent,
    (value) => value === agent,
  ),
);

/**
 * Classes of links, and of the programs that follow them.
 *
 * @module
 */
import type { Level } from '../../check.ts';
import { textClass, type InputClass } from '../input-class.ts';

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

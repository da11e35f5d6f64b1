/**
 * Classes of e-mail addresses.
 *
 * @module
 */
import { ONLY_JSON, textClass, type InputClass } from '../input-class.ts';

/** The longest address that SMTP can carry in a path (RFC 5321, 4.5.3.1.3). */
const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;
const MAX_LABEL = 63;

export const localOf = (address: string): string => address.slice(0, address.lastIndexOf('@'));
export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);
export const topLevelOf = (address: string): string =>
  domainOf(address).slice(domainOf(address).lastIndexOf('.') + 1);

/** The same address with its local part changed. */
export const withLocal = (address: string, change: (local: string) => string): string =>
  `${change(localOf(address))}@${domainOf(address)}`;
export const withDomain = (address: string, change: (domain: string) => string): string =>
  `${localOf(address)}@${change(domainOf(address))}`;
export const withTopLevel = (address: string, topLevel: string): string =>
  withDomain(address, (domain) => domain.replace(/(?<![^.])[^.]+$/, topLevel));

const squeeze = (local: string): string => local.replaceAll(/[^A-Za-z0-9]/g, '');

const local = (
  name: string,
  phrase: string,
  level: InputClass['level'],
  change: (local: string) => string,
  holds: RegExp,
): InputClass =>
  textClass(
    name,
    phrase,
    level,
    (plain) => withLocal(plain, change),
    (value) => holds.test(localOf(value)),
  );

/** Each sample inserts one character, or a few, into the local part. */
const containing = (
  name: string,
  phrase: string,
  level: InputClass['level'],
  insert: string,
): InputClass => ({
  ...textClass(
    name,
    `contains ${phrase}`,
    level,
    (plain) => withLocal(plain, (part) => `x${insert}${part}`),
    (value) => localOf(value).includes(insert),
  ),
  adds: true,
});

const LOCAL_PARTS: readonly InputClass[] = [
  containing('apostrophe', 'an apostrophe', 'MUST', "'"),
  containing('plus', 'a plus sign', 'MUST', '+'),
  containing('underscore', 'an underscore', 'MUST', '_'),
  containing('hyphen', 'a hyphen before the @', 'MUST', '-'),
  textClass(
    'capitals',
    'contains capital letters',
    'MUST',
    (plain) => withLocal(plain, (part) => `Jane.D${squeeze(part)}`),
    /[A-Z]/,
  ),
  local('dots', 'has several dots before the @', 'MUST', (part) => `a.b.c.${part}`, /\..*\./),
  local('no-dot', 'has no dot before the @', 'MUST', squeeze, /^[^.]+$/),
  local(
    'digits',
    'has only digits before the @',
    'MUST',
    (part) => `49${part.replaceAll(/\D/g, '')}`,
    /^\d+$/,
  ),
  local('digit-first', 'begins with a digit', 'MUST', (part) => `7${squeeze(part)}`, /^\d/),
  containing('percent', 'a percent sign', 'SHOULD', '%'),
  containing('ampersand', 'an ampersand', 'SHOULD', '&'),
  containing('slash', 'a slash', 'SHOULD', '/'),
  containing('equals', 'an equals sign', 'SHOULD', '='),
  containing('hash', 'a hash sign', 'SHOULD', '#'),
  containing('braces', 'braces', 'SHOULD', '{b}'),
  containing('backtick', 'a backtick', 'SHOULD', '`'),
  local(
    'long-local',
    'has 64 characters before the @',
    'SHOULD',
    (part) => squeeze(part).padStart(MAX_LOCAL, 'long'),
    /^.{64,}$/,
  ),
  local(
    'quoted-local',
    'has a quoted part before the @',
    'INFO',
    (part) => `"${squeeze(part)} x"`,
    /^".*"$/,
  ),
];

const labels = (value: string): readonly string[] => domainOf(value).split('.');

const longest = (plain: string): string => {
  const start = withLocal(plain, squeeze);
  let domain = domainOf(start);
  while (localOf(start).length + domain.length + 1 < MAX_ADDRESS) {
    const room = MAX_ADDRESS - localOf(start).length - domain.length - 2;
    domain = `${'d'.repeat(Math.max(1, Math.min(MAX_LABEL, room)))}.${domain}`;
  }
  return withDomain(start, () => domain);
};

const domain = (
  name: string,
  phrase: string,
  level: InputClass['level'],
  change: (domain: string) => string,
  holds: (value: string) => boolean,
): InputClass => textClass(name, phrase, level, (plain) => withDomain(plain, change), holds);

const topLevel = (name: string, phrase: string, sample: string, holds: RegExp): InputClass =>
  domain(
    name,
    phrase,
    'MUST',
    (part) => part.replace(/(?<![^.])[^.]+$/, sample),
    (value) => holds.test(topLevelOf(value)),
  );

const DOMAINS: readonly InputClass[] = [
  topLevel('two-letter-tld', 'has a top-level domain of two letters', 'de', /^..$/),
  topLevel('three-letter-tld', 'has a top-level domain of three letters', 'com', /^...$/),
  topLevel('long-tld', 'has a long top-level domain', 'photography', /^.{9,}$/),
  topLevel('longer-tld', 'has a very long top-level domain', 'international', /^.{12,}$/),
  domain(
    'second-level',
    'ends in a two-part suffix such as .co.uk',
    'MUST',
    (part) => part.replace(/(?<![^.])[^.]+$/, 'co.uk'),
    (value) => /\.(co|com|ac|org)\.[a-z]{2}$/.test(value),
  ),
  domain(
    'one-dot-domain',
    'has no sub-domain',
    'MUST',
    (part) =>
      part
        .split('.')
        .slice(-3)
        .join('-')
        .replace(/-([^-]+)$/, '.$1'),
    (value) => labels(value).length === 2,
  ),
  domain(
    'sub-domains',
    'has several sub-domains',
    'MUST',
    (part) => `mail.eu.${part}`,
    (value) => labels(value).length >= 5,
  ),
  domain(
    'capital-domain',
    'has capital letters in its domain',
    'MUST',
    (part) => part.replace(/^./, 'R').replace('receiver', 'Receiver'),
    (value) => /[A-Z]/.test(domainOf(value)),
  ),
  domain(
    'digit-label',
    'has a domain that begins with a digit',
    'MUST',
    (part) => `3${part}`,
    (value) => /^\d/.test(domainOf(value)),
  ),
  domain(
    'punycode',
    'has an internationalised domain (xn--)',
    'SHOULD',
    (part) => `xn--mnchen-3ya.${part}`,
    (value) => /(^|\.)xn--/.test(domainOf(value)),
  ),
  textClass(
    'longest',
    'has 254 characters',
    'SHOULD',
    longest,
    (value) => value.length >= MAX_ADDRESS,
  ),
  textClass(
    'non-ascii-local',
    'contains a letter beyond ASCII',
    'INFO',
    (plain) => withLocal(plain, (part) => `zoë${squeeze(part)}`),
    /[^\0-\u007F]/,
    ONLY_JSON,
  ),
];

export const ADDRESSES: readonly InputClass[] = [...LOCAL_PARTS, ...DOMAINS];

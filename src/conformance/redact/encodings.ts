/**
 * Encodings in which a receiver, a framework or a log may show a secret. All of them are redacted and count as leaks.
 *
 * @module
 */
import { toUSVString } from 'node:util';

/** Shorter values would redact unrelated words. */
const MIN_CHARACTERS = 8;

const PREFIX = /^whsec_/;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const percent = (bytes: Buffer): string =>
  bytes.toString('hex').replaceAll(/../g, (pair) => `%${pair.toUpperCase()}`);

/** Every character but letters and digits, as strict encoders do. */
const strictUrl = (text: string): string =>
  text.replaceAll(/[^A-Za-z0-9]/gu, (character) => percent(Buffer.from(character)));

const html = (text: string, apostrophe: string): string =>
  text.replaceAll(/[&<>"']/g, (character) =>
    character === "'" ? apostrophe : ENTITIES[character]!,
  );

const asciiJson = (text: string): string =>
  JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(
      /[^\u0020-\u007E]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );

const safeUrl = (text: string): string => encodeURIComponent(toUSVString(text));

const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);

/**
 * In base64 of a longer text it can begin at any of three places of a group: the digits that it alone decides, before
 * them the same with the last digit that it has a part in where the text ends with it.
 */
const base64At = (bytes: Buffer, offset: number): readonly string[] => {
  const all = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/={1,2}$/, '');
  const start = Math.ceil((offset * 8) / 6);
  return [all.slice(start), all.slice(start, Math.floor(((offset + bytes.length) * 8) / 6))];
};

const base64Of = (bytes: Buffer): readonly string[] =>
  [0, 1, 2]
    .flatMap((offset) => base64At(bytes, offset))
    .flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);

const lowerPercent = (text: string): string =>
  text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

/** Every form of a secret, each with what to add to its label; the plain one first. */
export const encodingsOf = (secret: string): readonly (readonly [text: string, how: string])[] => {
  const forms = new Map<string, string>();
  const add = (how: string, ...texts: readonly string[]): void => {
    for (const text of texts) {
      if (text.length >= MIN_CHARACTERS && !forms.has(text)) forms.set(text, how);
    }
  };
  forms.set(secret, '');
  const bare = secret.replace(PREFIX, '');
  add(', without its prefix', bare);
  for (const one of new Set([secret, bare])) {
    if (one.length < MIN_CHARACTERS) continue;
    const bytes = Buffer.from(one);
    const url = safeUrl(one);
    const strict = strictUrl(one);
    add(', URL-encoded', url, strict, lowerPercent(url), lowerPercent(strict));
    add(', URL-encoded', formEncoded(one), lowerPercent(formEncoded(one)));
    add(', URL-encoded', url.replaceAll('%20', '+'), percent(bytes), lowerPercent(percent(bytes)));
    add(', HTML-escaped', html(one, '&#39;'), html(one, '&#x27;'), html(one, '&apos;'));
    add(', HTML-escaped', html(one, "'"), html(one, '&#039;'));
    add(', JSON-escaped', JSON.stringify(one).slice(1, -1), asciiJson(one));
    add(', hex', bytes.toString('hex'), bytes.toString('hex').toUpperCase());
    add(', base64', ...base64Of(bytes));
    add(', reversed', [...one].toReversed().join(''));
    add(', in another case', one.toUpperCase(), one.toLowerCase());
  }
  return [...forms];
};

/** Names of headers and of parameters whose values give access. */
export const SENSITIVE_NAME = /auth|cookie|key|pass|secret|session|token|signature|credential/i;

/** The password and the sensitive parameters of a URL, each with its name. */
export const secretsInUrl = (url: string): readonly (readonly [value: string, name: string])[] => {
  const parsed = URL.parse(url);
  if (parsed === null) return [];
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const { username, password } = parsed;
  const login: readonly (readonly [string, string])[] =
    password === '' ? [[username, 'user name']] : [[password, 'password']];
  return [
    ...login.flatMap(([text, name]) => [[text, name] as const, [decoded(text), name] as const]),
    ...[...parsed.searchParams]
      .filter(([name]) => SENSITIVE_NAME.test(name))
      .map(([name, value]) => [value, name] as const),
  ].filter(([value]) => value !== '');
};

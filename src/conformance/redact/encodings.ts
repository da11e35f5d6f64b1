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

const json = (text: string): string => JSON.stringify(text).slice(1, -1);

const asciiJson = (text: string): string =>
  json(text).replaceAll(
    /[^\u0020-\u007E]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Escapes of JSON that some encoders add: PHP of slashes, Go and .NET of what HTML would read. */
const moreJson = (text: string): readonly string[] => {
  const escaped = (unit: string): string =>
    `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const upper = (unit: string): string => `\\u${escaped(unit).slice(2).toUpperCase()}`;
  const dotnet = json(text).replaceAll(String.raw`\"`, '"');
  return [
    json(text).replaceAll('/', String.raw`\/`),
    asciiJson(text).replaceAll('/', String.raw`\/`),
    json(text).replaceAll(/[<>&]/g, escaped),
    dotnet.replaceAll(/["'&<>+`]|[^\u0020-\u007E]/g, escaped),
    dotnet.replaceAll(/["'&<>+`]|[^\u0020-\u007E]/g, upper),
  ];
};

/** As a literal in single quotes, of Python, Ruby and Node. */
const quoted = (text: string): string =>
  json(text)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`);

const units = (text: string, write: (code: string) => string, radix: number): string =>
  Array.from(text, (character) => write(character.codePointAt(0)!.toString(radix))).join('');

/** Bytes as programs print them: `<Buffer 77 68>`, `{"type":"Buffer","data":[119,104]}`, `\\x77\\x68`. */
const byteLists = (bytes: Buffer): readonly string[] => {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const separated = [' ', ':', '-', ', '].map((separator) => pairs.join(separator));
  const escaped = pairs.map((pair) => String.raw`\x${pair}`).join('');
  const prefixed = pairs.map((pair) => `0x${pair}`);
  const decimal = [', ', ',', ' '].map((separator) => [...bytes].join(separator));
  return [
    ...separated,
    ...separated.map((text) => text.toUpperCase()),
    escaped,
    prefixed.join(', '),
    prefixed.join(','),
    ...decimal,
  ];
};

/** The bytes that a receiver gets which decodes the key from base64, as Node does: without a look at the alphabet. */
const keyBytesOf = (bare: string): Buffer | null => {
  const bytes = Buffer.from(bare, 'base64');
  return bytes.length >= MIN_CHARACTERS ? bytes : null;
};

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
    add(', JSON-escaped', json(one), asciiJson(one), ...moreJson(one), quoted(one));
    add(
      ', JSON-escaped',
      units(one, (code) => `\\u${code.padStart(4, '0')}`, 16),
    );
    add(', hex', bytes.toString('hex'), bytes.toString('hex').toUpperCase());
    add(', base64', ...base64Of(bytes), ...base64Of(Buffer.from(bytes.toString('base64'))));
    add(', as bytes', ...byteLists(bytes));
    add(
      ', HTML-escaped',
      units(one, (code) => `&#${code};`, 10),
    );
    add(
      ', HTML-escaped',
      units(one, (code) => `&#x${code};`, 16),
    );
    add(', escaped twice', encodeURIComponent(url), json(json(one)), html(html(one, '&#39;'), "'"));
    add(', escaped twice', html(json(one), '&#39;'), json(html(one, '&#39;')));
    add(', reversed', [...one].toReversed().join(''));
    add(', in another case', one.toUpperCase(), one.toLowerCase());
  }
  const key = keyBytesOf(bare);
  if (key !== null) {
    const hex = key.toString('hex');
    add(', decoded from base64', hex, hex.toUpperCase(), ...byteLists(key));
    add(', decoded from base64', key.toString('latin1'), key.toString('utf8'));
  }
  return [...forms];
};

/** A line end within a value, with what indents the next line. */
const LINE_BREAK = String.raw`(?:\r?\n[ \t]{0,16})?`;

/** A pattern for a secret, its hex and its base64 that any number of line ends divide. */
export const dividedForms = (secret: string): RegExp => {
  const bare = secret.replace(PREFIX, '');
  const forms = [secret, bare].flatMap((one) => {
    const bytes = Buffer.from(one);
    return [one, bytes.toString('hex'), bytes.toString('base64').replace(/={1,2}$/, '')];
  });
  const patterns = [...new Set(forms)]
    .filter((form) => form.length >= MIN_CHARACTERS)
    .map((form) =>
      Array.from(form, (character) => character.replace(/[^A-Za-z0-9]/, String.raw`\$&`)).join(
        LINE_BREAK,
      ),
    );
  return new RegExp(patterns.join('|'), 'g');
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

import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../../src/conformance/redact/redact.ts';
import { createSigning } from '../../../src/conformance/probe/signing.ts';

const redactor = (...hidden: readonly (readonly [string, string])[]) => {
  const made = createRedactor();
  for (const [value, label] of hidden) made.hide(value, label);
  return made;
};

describe('what is hidden', () => {
  const { apply, find } = redactor(['topsecret', '<the secret>'], ['otherone', '<the other>']);

  test.each([
    ['nothing here', 'nothing here'],
    ['', ''],
    ['topsecret', '<the secret>'],
    ['a topsecret b', 'a <the secret> b'],
    ['topsecrettopsecret', '<the secret><the secret>'],
    ['otherone, topsecret', '<the other>, <the secret>'],
    ['topsecre', 'topsecre'],
    ['Topsecret', 'Topsecret'],
    ['tottopsecret', 'tot<the secret>'],
  ])('in "%s"', (text, shown) => {
    expect(apply(text)).toBe(shown);
  });

  test('is found by its label, each once', () => {
    expect(find('topsecret otherone topsecret')).toEqual(['<the secret>', '<the other>']);
    expect(find('nothing')).toEqual([]);
  });
});

test('of several that begin alike the longest is hidden whole', () => {
  const { apply } = redactor(['digest12', '<8>'], ['digest1234', '<10>'], ['digest123', '<9>']);
  expect(apply('digest12345 digest123 digest12x')).toBe('<10>5 <9> <8>x');
});

test('of two that overlap the first hides its part', () => {
  const { apply } = redactor(['abcdefgh', '<one>'], ['efghijkl', '<other>']);
  expect(apply('abcdefghijkl efghijkl')).toBe('<one>ijkl <other>');
});

test('it is hidden in a command, too, where its quotes are written otherwise', () => {
  const { apply, find } = redactor(["it's mine", '<mine>']);
  expect(apply(String.raw`-H 'Key: it'\''s mine'`)).toBe("-H 'Key: <mine>'");
  expect(find(String.raw`it'\''s mine`)).toEqual(['<mine>']);
});

describe('a secret is hidden in every form that a receiver may show it in', () => {
  const SECRET = `whsec_a/b+c&d<"e'f> é=ü`;
  const bare = SECRET.slice('whsec_'.length);
  const made = createRedactor();
  made.hideSecret(SECRET, 'the secret');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  test.each([
    ['as it is', SECRET],
    ['without its prefix', bare],
    ['URL-encoded', encodeURIComponent(SECRET)],
    [
      'URL-encoded, in lower case',
      encodeURIComponent(SECRET).replaceAll(/%../g, (c) => c.toLowerCase()),
    ],
    ['as a form', new URLSearchParams({ a: SECRET }).toString()],
    [
      'HTML-escaped',
      SECRET.replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;'),
    ],
    ['JSON-escaped', JSON.stringify({ a: SECRET })],
    ['in hex', Buffer.from(SECRET).toString('hex')],
    ['in base64', base64(SECRET)],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['in base64, one byte behind', base64(`:${SECRET}:`)],
    ['in base64, two bytes behind', base64(`x:${SECRET}`)],
    ['in base64 of base64', base64(base64(SECRET))],
    ['JSON-escaped twice', JSON.stringify(JSON.stringify({ a: SECRET }))],
    ['JSON-escaped, as PHP does', JSON.stringify(SECRET).replaceAll('/', String.raw`\/`)],
    [
      'JSON-escaped, as Go does',
      JSON.stringify(SECRET).replaceAll(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    ],
    ['as a Python literal', `'${SECRET.replaceAll("'", String.raw`\'`)}'`],
    ['URL-encoded twice', encodeURIComponent(encodeURIComponent(SECRET))],
    [
      'as numeric entities',
      Array.from(SECRET, (character) => `&#${character.codePointAt(0)!};`).join(''),
    ],
    ['as a Buffer', inspect(Buffer.from(SECRET))],
    ['as a Buffer in JSON', JSON.stringify(Buffer.from(SECRET))],
    ['as bytes in colons', Buffer.from(SECRET).toString('hex').replaceAll(/../g, '$&:')],
    [
      'as escaped bytes',
      Buffer.from(SECRET)
        .toString('hex')
        .replaceAll(/../g, String.raw`\x$&`),
    ],
    ['in upper-case hex', Buffer.from(SECRET).toString('hex').toUpperCase()],
    ['in lines', SECRET.replaceAll(/.{4}/gu, '$&\n')],
    ['in indented lines', SECRET.replaceAll(/.{9}/gu, '$&\r\n    ')],
    ['in lines of base64', base64(SECRET).replaceAll(/.{16}/g, '$&\n')],
    ['in lines of hex', Buffer.from(SECRET).toString('hex').replaceAll(/.{32}/g, '$&\n')],
    ['reversed', [...SECRET].toReversed().join('')],
    ['in upper case', SECRET.toUpperCase()],
  ])('%s', (_how, text) => {
    const page = `before ${text} after`;
    expect(made.apply(page)).toMatch(/^before .*<the secret.* after$/);
    expect(made.find(page)[0]).toMatch(/^<the secret/);
    expect(made.apply(page)).not.toContain('é');
  });
});

test('a secret is hidden where a receiver has decoded it from base64', () => {
  const key = Buffer.from('twenty-four bytes of key');
  const { hideSecret, apply } = createRedactor();
  hideSecret(`whsec_${key.toString('base64')}`, 'the secret');
  for (const text of [key.toString(), key.toString('hex'), inspect(key), JSON.stringify(key)]) {
    expect(apply(text)).toContain('<the secret, decoded from base64>');
  }
});

test('a text that gets longer by its labels is not cut', () => {
  const { apply } = redactor();
  expect(apply('nothing in here')).toBe('nothing in here');
  const made = createRedactor();
  made.hideSecret('whsec_12345678', 'the secret of this receiver');
  const divided = 'a whsec_1234\n5678 and a whsec_1234\n5678 and the end';
  expect(made.apply(divided)).toMatch(/ and the end$/);
  expect(made.apply(divided)).not.toContain('5678');
});

test('a secret too short to be distinguished from words is not hidden', () => {
  const { apply, find } = redactor(['short', '<5>'], ['longer', '<6>']);
  expect(apply('short longer')).toBe('short <6>');
  expect(find('short longer')).toEqual(['<6>']);
});

test('a later label takes the place of an earlier one', () => {
  expect(redactor(['topsecret', '<a>'], ['topsecret', '<b>']).apply('topsecret')).toBe('<b>');
});

describe('a long text is cut', () => {
  const { apply } = redactor(['topsecret', '<the secret>']);
  test.each([
    ['before what is hidden', 3, 'abc'],
    ['right before it', 8, 'abc def '],
    ['behind its first letter', 9, 'abc def <the secret>'],
    ['within it', 12, 'abc def <the secret>'],
    ['at its end', 17, 'abc def <the secret>'],
    ['behind it', 19, 'abc def <the secret> g'],
    ['not at all', 99, 'abc def <the secret> ghi'],
  ])('%s', (_where, most, shown) => {
    expect(apply('abc def topsecret ghi', most)).toBe(shown);
  });
});

describe('what is made with the secret', () => {
  const SECRET = 'whsec_never-to-be-seen-4711';
  const made = createRedactor();
  const signing = createSigning(SECRET, made);
  const valid = signing.valid('{}');
  const hex = signing.digest('{}');
  const raw = Buffer.from(hex, 'hex');

  test('is what a receiver computes', () => {
    expect(valid).toBe(`sha256=${hex}`);
    expect(signing.valid(Buffer.from('{}'))).toBe(valid);
    expect(hex).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ['the secret', SECRET, '<the secret>'],
    ['the secret in base64', Buffer.from(SECRET).toString('base64'), '<the secret, base64>'],
    ['the secret in hex', Buffer.from(SECRET).toString('hex'), '<the secret, hex>'],
    ['the header', valid, 'sha256=<the right digest>'],
    ['upper case', hex.toUpperCase(), '<the right digest, upper case>'],
    ['base64', raw.toString('base64'), '<the right digest, base64>='],
    ['its first half', hex.slice(0, 32), '<first half of the right digest>'],
    ['its second half', hex.slice(32), '<second half of the right digest>'],
    ['its first eight', hex.slice(0, 8), '<the first 8 of the right digest>'],
    ['all but its last', hex.slice(0, -1), '<all but the last of the right digest>'],
  ])('%s is hidden', (_what, text, shown) => {
    expect(made.apply(text)).toBe(shown);
  });

  test('another algorithm and every guess are hidden too', () => {
    const sha1 = signing.with('sha1', '{}');
    expect(sha1).toMatch(/^sha1=[0-9a-f]{40}$/);
    expect(made.apply(sha1)).toBe('sha1=<a digest>');
    for (const { value, digest } of signing.candidates('{"a":1}')) {
      const shown = made.apply(value);
      for (const form of ['hex', 'base64'] as const) {
        expect(shown).not.toContain(digest.toString(form).replace(/=+$/, ''));
      }
    }
  });

  test('a digest by a key of the suite’s own may be shown', () => {
    const value = signing.by('guessed-key', '{}');
    expect(value).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(made.apply(value)).toBe(value);
  });
});

/**
 * Every way to get a signature wrong that people have found, made with plain node:crypto, and named.
 *
 * @module
 */
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { explainSignature, explainStepwise } from '../../src/signature/explain.ts';
import { BODY_MISTAKES } from '../../src/signature/mistakes/body.ts';
import { SECRET_MISTAKES } from '../../src/signature/mistakes/secret.ts';

const SECRET = 'whsec_c2VjcmV0LWtleQ==';
const EVENT = {
  event: 'email.replied',
  id: 'evt_reply_001',
  timestamp: '2026-04-06T14:23:17Z',
  data: {
    lead_name: 'Zoë & <Co>',
    url: 'https://example.com/a/b',
    sequence_step: 1,
    tags: [],
    quoted: 'she said "hi"',
    thread: null,
    done: true,
  },
};
const BODY = JSON.stringify(EVENT);

const hmac = (key: string | Buffer, body: string | Buffer, algorithm = 'sha256') =>
  createHmac(algorithm, key).update(body);
const signed = (key: string | Buffer, body: string | Buffer) =>
  `sha256=${hmac(key, body).digest('hex')}`;
const right = signed(SECRET, BODY);
const causesOf = (
  header: string | null | undefined,
  body: string | Buffer = BODY,
  secret = SECRET,
) => explainSignature({ body, header, secret }).causes.map(({ id }) => id);

test('a right signature matches, over text and over bytes', () => {
  expect(explainSignature({ body: BODY, header: right, secret: SECRET })).toEqual({
    matches: true,
    expected: right,
    proven: true,
    causes: [],
  });
  const bytes = Buffer.from([0xff, 0x00, 0x0a]);
  expect(causesOf(signed(SECRET, bytes), bytes)).toEqual([]);
});

test('another secret is what is left when nothing explains it', () => {
  const report = explainSignature({ body: BODY, header: signed('other', BODY), secret: SECRET });
  expect(report).toMatchObject({ matches: false, proven: false, expected: right });
  expect(report.causes.map(({ id }) => id)).toEqual(['secret/other']);
});

describe('the header', () => {
  const digest = hmac(SECRET, BODY).digest();
  const hex = digest.toString('hex');
  test.each([
    ['missing', null, ['header/missing']],
    ['empty', ' ', ['header/missing']],
    ['not given', undefined, ['header/missing']],
    ['undefined', 'undefined', ['header/not-a-value']],
    ['None in quotes', '"None"', ['header/not-a-value']],
    ['an object', 'sha256=[object Object]', ['header/malformed']],
    ['no prefix', hex, ['header/missing-prefix']],
    ['only the prefix', 'sha256=', ['header/no-digest']],
    ['other prefix', `sha1=${hex}`, ['header/other-prefix']],
    ['upper-case prefix', `SHA256=${hex}`, ['header/other-prefix']],
    ['colon', `sha256:${hex}`, ['header/other-prefix']],
    ['upper case', `sha256=${hex.toUpperCase()}`, ['header/upper-case']],
    ['base64', `sha256=${digest.toString('base64')}`, ['header/base64']],
    ['bare base64', digest.toString('base64'), ['header/missing-prefix', 'header/base64']],
    ['base64url', `sha256=${digest.toString('base64url')}`, ['header/base64url']],
    ['base64 of hex', `sha256=${Buffer.from(hex).toString('base64')}`, ['header/base64-of-hex']],
    ['separated hex', `sha256=0x${hex}`, ['header/hex-separated']],
    ['white space', `${right}\n`, ['header/white-space']],
    ['quotes', `"${right}"`, ['header/quoted']],
    ['bytes literal', `b'${right}'`, ['header/byte-literal']],
    ['the whole line', `X-SendEmAll-Signature: ${right}`, ['header/name-included']],
    ['sent twice', `${right}, ${right}`, ['header/repeated']],
    ['Stripe form', `t=1775485397,v1=${hex}`, ['header/stripe-form']],
    ['cut short', right.slice(0, -3), ['header/truncated']],
    ['too long', `${right}00`, ['header/trailing']],
    ['no digest at all', 'sha256=hello there', ['header/malformed']],
    ['a short digest', 'sha256=abcd', ['header/malformed']],
    [
      'a digest that begins alike, by chance',
      right.slice(0, 'sha256='.length + 7),
      ['header/malformed'],
    ],
    ['the first four bytes', right.slice(0, 'sha256='.length + 8), ['header/truncated']],
    ['quotes and white space', ` '${right}' `, ['header/white-space', 'header/quoted']],
    ['white space in quotes', `"${right} "`, ['header/quoted', 'header/white-space']],
    ['white space in front', `  ${right}`, ['header/white-space']],
    [
      'the whole line, quoted',
      `"x-sendemall-signature:${right}"`,
      ['header/quoted', 'header/name-included'],
    ],
    ['Stripe form, the other order', `v1=${hex},t=1775485397`, ['header/stripe-form']],
    ['Stripe form with a space', `t=1775485397, v1=${hex}`, ['header/stripe-form']],
    ['a prefix with spaces', `HMAC : ${hex}`, ['header/other-prefix']],
    [
      'a prefix that is too long',
      `x${'y'.repeat(16)}=${hex}`,
      ['header/missing-prefix', 'header/malformed'],
    ],
    ['a dashed prefix', `hmac-sha_256=${hex}`, ['header/other-prefix']],
    ['colons', `sha256=${hex.match(/../g)!.join(':')}`, ['header/hex-separated']],
    ['dashes', `sha256=${hex.match(/../g)!.join('-')}`, ['header/hex-separated']],
    ['0x in the middle', `sha256=${hex.slice(0, 32)}0x${hex.slice(32)}`, ['header/malformed']],
    ['bare base64url', digest.toString('base64url'), ['header/missing-prefix', 'header/base64url']],
    ['hex and more', `sha256=${hex.slice(0, 62)}zz`, ['header/malformed']],
    ['one digit too few, at the front', `sha256=${hex.slice(1)}`, ['header/malformed']],
  ])('%s', (_name, header, expected) => {
    expect(causesOf(header)).toEqual(expected);
  });

  const told = (header: string) => explainSignature({ body: BODY, header, secret: SECRET });
  test('what is in front of the digits is quoted', () => {
    expect(told(`sha1: ${hex}`).causes[0]).toMatchObject({
      says: 'has "sha1: " in front in place of "sha256="',
      remedy: 'Write it as sha256= followed by 64 lower-case hex digits.',
    });
    expect(told(`t=1,v1=${hex}`).causes[0]?.says).toBe('is written as Stripe does (t=…,v1=…)');
  });
  test('reports how much of the digest is present', () => {
    expect(told(right.slice(0, -4)).causes[0]).toMatchObject({
      says: 'is cut short: 60 of 64 hex digits',
      remedy: expect.stringContaining('too short'),
    });
    expect(told(`${right}00`).causes[0]).toMatchObject({
      says: 'has something after its 64 hex digits',
      remedy: expect.stringContaining('Remove'),
    });
    expect(told('sha256=abcd').causes[0]).toMatchObject({
      says: 'holds no SHA256 digest (4 characters after the prefix, 64 hex digits are due)',
      remedy: 'Write it as sha256= followed by 64 lower-case hex digits.',
    });
    expect(told('sha256=').causes[0]?.says).toBe('is "sha256=" with nothing after it');
  });
  test('distinguishes proven causes from remaining ones', () => {
    expect(told('undefined').proven).toBe(true);
    expect(told(right.slice(0, -4)).proven).toBe(true);
    expect(told(hex).proven).toBe(true);
    expect(told('sha256=abcd').proven).toBe(false);
  });
});

describe('the algorithm', () => {
  test.each(['sha1', 'sha512', 'sha384', 'sha224', 'md5', 'sha3-256'])('%s', (name) => {
    expect(causesOf(`sha256=${hmac(SECRET, BODY, name).digest('hex')}`)).toEqual([
      `algorithm/${name}`,
    ]);
  });
  test('a sha1 header as GitHub once sent it', () => {
    expect(causesOf(`sha1=${hmac(SECRET, BODY, 'sha1').digest('hex')}`)).toEqual([
      'header/other-prefix',
      'algorithm/sha1',
    ]);
  });
  const hash = (text: string) => `sha256=${createHash('sha256').update(text).digest('hex')}`;
  test.each([
    ['plain-hash', hash(BODY)],
    ['secret-then-body', hash(SECRET + BODY)],
    ['body-then-secret', hash(BODY + SECRET)],
    ['swapped', signed(BODY, SECRET)],
  ])('%s', (id, header) => {
    expect(causesOf(header)).toEqual([`algorithm/${id}`]);
  });
});

describe('the body', () => {
  const python =
    '{"event": "email.replied", "id": "evt_reply_001", "timestamp": "2026-04-06T14:23:17Z", "data": {"lead_name": "Zo\\u00eb & <Co>", "url": "https://example.com/a/b", "sequence_step": 1, "tags": [], "quoted": "she said \\"hi\\"", "thread": null, "done": true}}';
  const php = BODY.replaceAll('/', '\\/').replace('ë', '\\u00eb');
  const go = BODY.replace('&', '\\u0026').replace('<', '\\u003c').replace('>', '\\u003e');
  const dotnet = BODY.replace('ë', '\\u00EB')
    .replace('&', '\\u0026')
    .replace('<', '\\u003C')
    .replace('>', '\\u003E')
    .replaceAll('\\"', '\\u0022');
  const repr =
    "{'event': 'email.replied', 'id': 'evt_reply_001', 'timestamp': '2026-04-06T14:23:17Z', 'data': {'lead_name': 'Zoë & <Co>', 'url': 'https://example.com/a/b', 'sequence_step': 1, 'tags': [], 'quoted': 'she said \"hi\"', 'thread': None, 'done': True}}";
  const { data, event, id, timestamp } = EVENT;
  const sorted = JSON.stringify({
    data: {
      done: true,
      lead_name: data.lead_name,
      quoted: data.quoted,
      sequence_step: 1,
      tags: [],
      thread: null,
      url: data.url,
    },
    event,
    id,
    timestamp,
  });
  const seconds = Date.parse(timestamp) / 1000;

  test.each<[string, string | Buffer, string | Buffer]>([
    ['newline-trimmed', BODY, `${BODY}\n`],
    ['newline-added', `${BODY}\n`, BODY],
    ['crlf-added', `${BODY}\r\n`, BODY],
    ['trimmed', BODY, `  ${BODY}\n\n`],
    ['crlf', '{\r\n}', '{\n}'],
    ['lf', '{\n}', '{\r\n}'],
    ['nfc', '{"a":"\u00e9"}', '{"a":"e\u0301"}'],
    ['nfd', '{"a":"e\u0301"}', '{"a":"\u00e9"}'],
    ['bom-removed', BODY, `\uFEFF${BODY}`],
    ['bom-added', `\uFEFF${BODY}`, BODY],
    ['empty', '', BODY],
    ['json-compact', BODY, JSON.stringify(EVENT, null, 3)],
    ['json-python', python, BODY],
    ['json-python-utf8', python.replace('\\u00eb', 'ë'), BODY],
    ['json-php', php, BODY],
    ['json-html-safe', go, BODY],
    ['json-sorted', sorted, BODY],
    ['json-dotnet', dotnet, BODY],
    ['json-pretty-2', JSON.stringify(EVENT, null, 2), BODY],
    ['json-pretty-4', JSON.stringify(EVENT, null, 4), BODY],
    ['json-pretty-tab', JSON.stringify(EVENT, null, '\t'), BODY],
    ['data-compact', JSON.stringify(data), BODY],
    ['python-repr', repr, BODY],
    ['object-object', '[object Object]', BODY],
    ['buffer-json', JSON.stringify(Buffer.from(BODY)), BODY],
    ['json-string', JSON.stringify(BODY), BODY],
    ['undefined', 'undefined', BODY],
    ['null', 'null', BODY],
    ['empty-object', '{}', BODY],
    ['question-marks', 'caf? ?', 'café 😀'],
    ['question-marks-utf-16', 'caf? ??', 'café 😀'],
    ['seven-bit', 'cafC)', 'café'],
    ['replacement-characters', 'caf\uFFFD\uFFFD', 'café'],
    ['latin-1', Buffer.from(BODY, 'latin1'), BODY],
    ['mojibake', Buffer.from(BODY).toString('latin1'), BODY],
    ['utf-16', Buffer.from(BODY, 'utf16le'), BODY],
    ['utf-8-repaired', 'a\uFFFDb', Buffer.from([0x61, 0xff, 0x62])],
    ['base64', Buffer.from(BODY).toString('base64'), BODY],
    ['hex', Buffer.from(BODY).toString('hex'), BODY],
    ['timestamp', `${seconds}.${BODY}`, BODY],
    ['id-timestamp', `${id}.${seconds}.${BODY}`, BODY],
    ['timestamp-as-written', `${timestamp}.${BODY}`, BODY],
    ['id', `${id}.${BODY}`, BODY],
    ['id-timestamp-as-written', `${id}.${timestamp}.${BODY}`, BODY],
    ['empty-array', '[]', BODY],
    ['form-flask', 'ImmutableMultiDict([])', BODY],
    ['form-django', '<QueryDict: {}>', BODY],
    ['python-bytes', String.raw`b'{"a":"it\'s"}\n'`, '{"a":"it\'s"}\n'],
  ])('%s', (cause, over, body) => {
    expect(causesOf(signed(SECRET, over), body)).toEqual([`body/${cause}`]);
  });

  test('only a line end at the end is a line end that was trimmed', () => {
    expect(causesOf(signed(SECRET, '{}'), '{\n}')).not.toContain('body/newline-trimmed');
    expect(causesOf(signed(SECRET, '{\n}'), '{\n}\r\n')).toEqual(['body/newline-trimmed']);
  });

  test('a byte order mark is left out before it is parsed, one within is not', () => {
    expect(causesOf(signed(SECRET, BODY), `\uFEFF${JSON.stringify(EVENT, null, 1)}`)).toEqual([
      'body/json-compact',
    ]);
    const marked = '{"a":\uFEFF1}';
    expect(causesOf(signed(SECRET, '{"a":1}'), marked)).toEqual(['secret/other']);
  });

  test.each([
    ['null', 'null'],
    ['a text', '"data"'],
    ['an event without data', '{"id":"evt_1"}'],
    ['no JSON', '{'],
  ])('%s has no data that could have been signed', (_what, body) => {
    expect(causesOf(signed(SECRET, 'undefined.'), body)).toEqual(['secret/other']);
    expect(causesOf(signed(SECRET, '{"a":1}'), body)).toEqual(['secret/other']);
  });

  test('an event without a time, or with one that is no text, is not taken for signed with it', () => {
    for (const body of ['{"id":"evt_1"}', '{"id":"evt_1","timestamp":17}', '{"timestamp":null}']) {
      for (const time of ['undefined', '17', '0', 'NaN', 'null']) {
        expect(causesOf(signed(SECRET, `${time}.${body}`), body)).toEqual(['secret/other']);
        expect(causesOf(signed(SECRET, `evt_1.${time}.${body}`), body)).toEqual(['secret/other']);
      }
    }
  });

  test('numbers with a fraction stay what they are where the language keeps them', () => {
    const body = '{"data":{"rate":1.0,"many":[2E3,-0.5,7]}}';
    for (const [over, cause] of [
      ['{"data": {"rate": 1.0, "many": [2000.0, -0.5, 7]}}', 'json-python'],
      ['{"data":{"rate":1,"many":[2000,-0.5,7]}}', 'json-compact'],
      ['{"data":{"rate":1.0,"many":[2000.0,-0.5,7]}}', 'json-python-compact'],
      ['{"rate": 1.0, "many": [2000.0, -0.5, 7]}', 'data-python'],
      ['{"rate":1,"many":[2000,-0.5,7]}', 'data-compact'],
      ["{'data': {'rate': 1.0, 'many': [2000.0, -0.5, 7]}}", 'python-repr'],
    ] as const) {
      expect(causesOf(signed(SECRET, over), body)).toEqual([`body/${cause}`]);
    }
  });
});

describe('the secret', () => {
  test.each<[string, string | Buffer, string]>([
    ['trimmed', SECRET, `${SECRET}\n`],
    ['newline', `${SECRET}\n`, SECRET],
    ['crlf', `${SECRET}\r\n`, SECRET],
    ['double-quoted', `"${SECRET}"`, SECRET],
    ['single-quoted', `'${SECRET}'`, SECRET],
    ['unquoted', SECRET, `"${SECRET}"`],
    ['prefix-stripped', SECRET.slice(6), SECRET],
    ['prefix-added', 'whsec_plain-secret', 'plain-secret'],
    ['base64-after-prefix', Buffer.from('secret-key'), SECRET],
    [
      'base64',
      Buffer.from('another-secret-key'),
      Buffer.from('another-secret-key').toString('base64'),
    ],
    ['hex-after-prefix', Buffer.from([1, 2, 3, 0xff]), 'whsec_010203ff'],
    ['hex', Buffer.from([1, 2, 3, 0xff]), '010203ff'],
    ['empty', '', SECRET],
    ['undefined', 'undefined', SECRET],
    ['none', 'None', SECRET],
    ['sample', 'whsec_your-signing-secret', SECRET],
    ['cut-at-hash', 'whsec_ab', 'whsec_ab#cd'],
    ['dollar-expanded', 'whsec_ab', 'whsec_ab$cd'],
    ['cut-at-hash', 'whsec_ab', 'whsec_ab  # from the vault'],
    ['unquoted', SECRET, `'${SECRET}'`],
    ['prefix-added', 'whsec_ends-with-whsec_', 'ends-with-whsec_'],
    ['lower-case', SECRET.toLowerCase(), SECRET],
    ['upper-case', SECRET.toUpperCase(), SECRET],
  ])('%s', (cause, key, secret) => {
    expect(causesOf(signed(key, BODY), BODY, secret)).toEqual([`secret/${cause}`]);
  });

  // Each is what a hypothesis would make of the secret if it did not look at its form first.
  test.each([
    ['base64', 'no base64!', Buffer.from('no base64!', 'base64')],
    ['base64 after its prefix', 'whsec_no base64!', Buffer.from('no base64!', 'base64')],
    ['base64, being too short', 'abcd123', Buffer.from('abcd123', 'base64')],
    ['base64 with more behind it', 'YW5vdGhlcg==?', Buffer.from('YW5vdGhlcg==', 'base64')],
    ['base64 with more in front', '?YW5vdGhlcg==', Buffer.from('YW5vdGhlcg==', 'base64')],
    ['hex', 'abcdefgh', Buffer.from('abcdefgh', 'hex')],
    ['hex, being odd', 'abcde', Buffer.from('abcde', 'hex')],
    ['hex with more in front', 'xyab', Buffer.from('ab', 'hex')],
    ['quoted', '"half', 'hal'],
    ['quoted, being odd', `"mixed'`, 'mixed'],
    ['quoted, having more behind', '"a"bcd', 'a"bc'],
    ['quoted, having more in front', 'abc"d"', 'bc"d'],
    ['cut at its hash, being at the front', '#abcdefg', ' '],
  ])('a secret that is not %s', (_how, secret, key) => {
    expect(causesOf(signed(key, BODY), BODY, secret)).toEqual(['secret/other']);
  });
});

test('two mistakes of different kinds are both named, with how it is written', () => {
  const header = hmac(`${SECRET}\n`, `${BODY}\n`).digest('base64');
  expect(causesOf(header)).toEqual([
    'header/missing-prefix',
    'header/base64',
    'body/newline-added',
    'secret/newline',
  ]);
});

test('no explanation quotes the secret, and each has a remedy', () => {
  const causes = [...BODY_MISTAKES, ...SECRET_MISTAKES];
  expect(new Set(causes.map(({ id }) => id)).size).toBe(causes.length);
  for (const { says, remedy } of causes) {
    expect(remedy.length).toBeGreaterThan(10);
    expect(says + remedy).not.toContain(SECRET);
  }
});

test('a body of a mebibyte is explained within seconds', () => {
  const body = JSON.stringify({ data: 'x'.repeat(1_048_000) });
  expect(causesOf(signed('another secret', body), body)).toEqual(['secret/other']);
});

test('a search takes many steps, and ends as the search in one go', () => {
  const claim = {
    body: `[${'{"a":"é\\n","b":1.0e5},'.repeat(2800)}1]`,
    secret: 'whsec_your-signing-secret',
    header: `sha256=${'0f'.repeat(32)}`,
  };
  const search = explainStepwise(claim);
  let steps = 0;
  for (;;) {
    const { done, value } = search.next();
    if (done === true) {
      expect(value).toEqual(explainSignature(claim));
      break;
    }
    steps += 1;
  }
  expect(steps).toBeGreaterThan(500);
});

/**
 * What a receiver may take for the right signature: every guess must be what it says that it is.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { explainSignature } from '../../src/signature/explain.ts';
import { candidates, type Candidate } from '../../src/signature/candidates.ts';
import { sign } from '../../src/signature/sign.ts';

const SECRET = 'whsec_c2VjcmV0LWtleQ==';
const BODY = Buffer.from(
  '{"event":"email.opened","id":"evt_1","timestamp":"2026-04-06T14:23:17Z","data":{"name":"Zoë/1"}}\n',
);
const ALL = [...candidates(SECRET, BODY)];
const DUE = 'X-SendEmAll-Signature';

const idsOf = ({ causes }: Candidate): string => causes.map(({ id }) => id).join(' + ');
const guess = (ids: string): Candidate => ALL.find((one) => idsOf(one) === ids)!;
const hmac = (key: string | Buffer, body: string | Buffer, name = 'sha256') =>
  createHmac(name, key).update(body);

test('none of them is the right signature under its right name', () => {
  const right = sign(BODY, SECRET);
  for (const one of ALL) {
    expect(one.causes, idsOf(one)).not.toHaveLength(0);
    expect([one.header, one.value], idsOf(one)).not.toEqual([DUE, right]);
  }
  expect(new Set(ALL.map(({ header, value }) => `${header}: ${value}`)).size).toBeGreaterThan(135);
});

test('single mistakes come before combinations', () => {
  const single = ALL.filter(({ causes }) => causes.length === 1).length;
  const firstPair = ALL.findIndex(
    ({ causes }) => causes.some(({ id }) => /^(body|secret)/.test(id)) && causes.length > 1,
  );
  expect(firstPair).toBeGreaterThanOrEqual(single);
});

test('each that stands in the right header is explained by the same, or by what comes to the same', () => {
  const due = ALL.filter(({ header }) => header === DUE);
  expect(due.length).toBeGreaterThan(100);
  for (const one of due) {
    const { matches, proven, causes } = explainSignature({
      body: BODY,
      header: one.value,
      secret: SECRET,
    });
    expect({ matches, proven }, idsOf(one)).toEqual({ matches: false, proven: true });
    expect(causes.length, idsOf(one)).toBeLessThanOrEqual(one.causes.length + 1);
  }
});

describe('the name of the header', () => {
  test.each([
    ['lower-case', 'x-sendemall-signature'],
    ['x-hub-signature-256', 'X-Hub-Signature-256'],
    ['x-signature', 'X-Signature'],
    ['x-webhook-signature', 'X-Webhook-Signature'],
    ['signature', 'Signature'],
    ['x-signature-256', 'X-Signature-256'],
    ['webhook-signature', 'Webhook-Signature'],
    ['x-sendemall-signature-256', 'X-SendEmAll-Signature-256'],
    ['sendemall-signature', 'SendEmAll-Signature'],
    ['x-hub-signature', 'X-Hub-Signature'],
    ['stripe-signature', 'Stripe-Signature'],
    ['upper-case', 'X-SENDEMALL-SIGNATURE'],
  ])('%s', (id, header) => {
    const one = guess(`header-name/${id}`);
    expect(one).toMatchObject({ header, value: sign(BODY, SECRET) });
    expect(one.causes[0]!.says).toContain(header);
    expect(one.causes[0]!.remedy).toContain(DUE);
  });
});

describe('the way it is written', () => {
  const digest = hmac(SECRET, BODY).digest();
  const hex = digest.toString('hex');
  test.each([
    ['header/missing-prefix', hex, 'Compare the whole header with "sha256="'],
    ['header/upper-case', `sha256=${hex.toUpperCase()}`, 'in lower case'],
    ['header/base64', `sha256=${digest.toString('base64')}`, 'in hex'],
    [
      'header/missing-prefix + header/base64',
      digest.toString('base64'),
      'Compare the whole header',
    ],
    ['header/missing-prefix + header/upper-case', hex.toUpperCase(), 'Compare the whole header'],
    ['header/other-prefix', `v1=${hex}`, 'Expect "sha256="'],
    ['header/standard-form', `v1,${digest.toString('base64')}`, 'Standard Webhooks'],
    ['header/stripe-form', `t=1775485397,v1=${hex}`, 'Stripe'],
  ])('%s', (ids, value, remedy) => {
    const one = guess(ids);
    expect(one).toMatchObject({ header: DUE, value, digest });
    expect(one.causes[0]!.remedy).toContain(remedy);
    for (const { says } of one.causes) expect(says).toMatch(/\S/);
  });
});

describe('the algorithm', () => {
  test.each(['sha1', 'sha512', 'sha384', 'sha224', 'md5', 'sha3-256'])('%s', (name) => {
    const values = ALL.filter((one) => idsOf(one) === `algorithm/${name}`).map(
      ({ value }) => value,
    );
    const hex = hmac(SECRET, BODY, name).digest('hex');
    // The two that people also name in front of it.
    const named = /^(sha1|sha512)$/.test(name) ? [`${name}=${hex}`] : [];
    expect(values).toEqual([`sha256=${hex}`, ...named]);
  });
  test('reports what the digest was computed from', () => {
    for (const { causes } of ALL.filter((one) => idsOf(one).startsWith('algorithm/'))) {
      expect(causes[0]).toMatchObject({
        says: expect.stringMatching(/HMAC|SHA-256|swapped/),
        remedy: 'Use HMAC with SHA256 (Node: createHmac("sha256", secret)).',
      });
    }
  });
});

describe('two at once', () => {
  const text = BODY.toString();
  const python =
    '{"event": "email.opened", "id": "evt_1", "timestamp": "2026-04-06T14:23:17Z", "data": {"name": "Zo\\u00eb/1"}}';
  test.each([
    ['body/empty + secret/newline', `sha256=${hmac(`${SECRET}\n`, '').digest('hex')}`],
    [
      'body/json-python + secret/double-quoted',
      `sha256=${hmac(`"${SECRET}"`, python).digest('hex')}`,
    ],
    [
      'body/newline-trimmed + secret/prefix-stripped',
      `sha256=${hmac(SECRET.slice(6), text.trimEnd()).digest('hex')}`,
    ],
    [
      'body/json-php + secret/base64-after-prefix',
      `sha256=${hmac(Buffer.from('secret-key'), text.trimEnd().replace('/', '\\/').replace('ë', '\\u00eb')).digest('hex')}`,
    ],
    ['header/missing-prefix + body/json-compact', hmac(SECRET, text.trimEnd()).digest('hex')],
    ['header/missing-prefix + secret/newline', hmac(`${SECRET}\n`, BODY).digest('hex')],
    [
      'header/base64 + secret/prefix-stripped',
      `sha256=${hmac(SECRET.slice(6), BODY).digest('base64')}`,
    ],
  ])('%s', (ids, value) => {
    expect(guess(ids)).toMatchObject({ header: DUE, value });
  });
  test.each([
    ['header-name/x-hub-signature-256 + header/missing-prefix', 'X-Hub-Signature-256'],
    ['header-name/x-signature-256 + header/base64', 'X-Signature-256'],
    ['header-name/x-webhook-signature + header/upper-case', 'X-Webhook-Signature'],
  ])('%s', (ids, header) => {
    expect(guess(ids)).toMatchObject({ header });
  });
});

test('what it takes for the body goes along', () => {
  expect(guess('body/empty').hashed).toEqual(Buffer.alloc(0));
  expect(guess('body/base64').hashed.toString()).toBe(BODY.toString('base64'));
  expect(guess('secret/newline').hashed).toEqual(BODY);
});

test('two hypotheses that come to the same are both given: one of them may be the cause', () => {
  const values = ['body/json-compact', 'body/json-compact-fractions'].map((id) => guess(id).value);
  expect(values[0]).toBe(values[1]);
});

test('no guess quotes the secret', () => {
  for (const { causes } of ALL) {
    for (const { says, remedy } of causes) expect(says + remedy).not.toContain(SECRET.slice(6));
  }
});

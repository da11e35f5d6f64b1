/**
 * The HMAC that is written out by hand, against that of node:crypto.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSigner, isSignedBy, sign } from '../../src/signature/sign.ts';

const oracle = (body: string | Buffer, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

describe('a signature is the HMAC of the bytes', () => {
  // Around the block of 64 bytes, where RFC 2104 begins to hash the key.
  test.each([1, 8, 63, 64, 65, 128, 256])('for a secret of %i characters', (length) => {
    const secret = 'k'.repeat(length);
    expect(sign('{"event":"email.opened"}', secret)).toBe(
      oracle('{"event":"email.opened"}', secret),
    );
  });

  test.each([
    ['€'.repeat(21), 63],
    ['ü'.repeat(32), 64],
    ['😀'.repeat(17), 68],
  ])('for the secret %s of %i bytes in UTF-8', (secret, bytes) => {
    expect(Buffer.byteLength(secret)).toBe(bytes);
    expect(sign('{}', secret)).toBe(oracle('{}', secret));
  });

  test('with one signer for bodies that grow and shrink, as text and as bytes', () => {
    const signer = createSigner('whsec_your-signing-secret');
    const sizes = [0, 1, 31, 32, 33, 63, 64, 65, 1000, 5, 0, 4096, 2, 70_000, 64];
    for (const size of sizes) {
      for (const unit of ['a', 'é', '€', '😀']) {
        const body = unit.repeat(size);
        const due = oracle(body, 'whsec_your-signing-secret');
        expect(signer(body)).toBe(due);
        expect(signer(Buffer.from(body))).toBe(due);
        expect(signer(new Uint8Array(Buffer.from(body)))).toBe(due);
      }
    }
  });

  test.each(['a', 'é', '€', '😀'])('of a first body that is long, of %s', (unit) => {
    const body = unit.repeat(1000);
    expect(sign(body, 'secret-of-8')).toBe(oracle(body, 'secret-of-8'));
  });

  test('with several signers in turn', () => {
    const secrets = ['whsec_one-of-three', 'whsec_the-second', 'k'.repeat(100)];
    const signers = secrets.map((secret) => ({ secret, signer: createSigner(secret) }));
    for (const body of ['a'.repeat(100), '{}', 'é'.repeat(50_000), '']) {
      for (const { secret, signer } of signers) expect(signer(body)).toBe(oracle(body, secret));
    }
  });

  test('over bytes that are no text', () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => 255 - byte));
    expect(sign(body, 'secret-of-8')).toBe(oracle(body, 'secret-of-8'));
  });
});

describe('a header is taken for the signature', () => {
  const body = '{"event":"email.opened"}';
  const secret = 'whsec_your-signing-secret';
  const right = oracle(body, secret);

  test('when it is the same, character for character', () => {
    expect(isSignedBy(right, body, secret)).toBe(true);
    expect(isSignedBy(right, Buffer.from(body), secret)).toBe(true);
  });

  test.each([
    ['missing', null],
    ['undefined', undefined],
    ['empty', ''],
    ['shorter', right.slice(0, -1)],
    ['longer', `${right}0`],
    ['in upper case', right.toUpperCase()],
    ['without its prefix', right.slice('sha256='.length)],
    ['of the same length', `sha256=${'0'.repeat(64)}`],
    ['of another body', oracle(`${body}\n`, secret)],
    ['of another secret', oracle(body, `${secret}\n`)],
    ['of as many characters but more bytes', `${right.slice(0, -1)}é`],
  ])('and not when it is %s', (_how, header) => {
    expect(isSignedBy(header, body, secret)).toBe(false);
  });
});

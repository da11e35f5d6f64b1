/**
 * How people compute the digest in place of an HMAC with SHA-256: hypotheses as data.
 *
 * @module
 */
import { createHash, createHmac } from 'node:crypto';
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Cause } from '../cause.ts';

export type Key = Buffer | string;

export interface Algorithm {
  /** As its name stands in front of a signature: `sha1`. */
  readonly name: string;
  readonly cause: Cause | null;
  readonly digest: (key: Key, body: Buffer) => Buffer;
}

const WRONG_ALGORITHM = `Use HMAC with ${SIGNATURE.algorithm.toUpperCase()} (Node: createHmac("${SIGNATURE.algorithm}", secret)).`;

const algorithm = (id: string, says: string, digest: Algorithm['digest']): Algorithm => ({
  name: id,
  cause: { id: `algorithm/${id}`, says, remedy: WRONG_ALGORITHM },
  digest,
});

const hmac =
  (name: string) =>
  (key: Key, body: Buffer): Buffer =>
    createHmac(name, key).update(body).digest();

const hash = (...parts: readonly Key[]): Buffer => {
  const hashing = createHash(SIGNATURE.algorithm);
  for (const part of parts) hashing.update(part);
  return hashing.digest();
};

export const DUE_ALGORITHM: Algorithm = {
  name: SIGNATURE.algorithm,
  cause: null,
  digest: hmac(SIGNATURE.algorithm),
};

/** The due one first. */
export const ALGORITHMS: readonly Algorithm[] = [
  DUE_ALGORITHM,
  ...['sha1', 'sha512', 'sha384', 'sha224', 'md5', 'sha3-256'].map((name) =>
    algorithm(name, `was made with HMAC-${name.toUpperCase()}`, hmac(name)),
  ),
  algorithm('plain-hash', 'is a plain SHA-256 of the body, with no secret', (_key, body) =>
    hash(body),
  ),
  algorithm('secret-then-body', 'is a plain SHA-256 of secret and body, not an HMAC', (key, body) =>
    hash(key, body),
  ),
  algorithm('body-then-secret', 'is a plain SHA-256 of body and secret, not an HMAC', (key, body) =>
    hash(body, key),
  ),
  algorithm('swapped', 'was made with body and secret swapped', (key, body) =>
    createHmac(SIGNATURE.algorithm, body).update(key).digest(),
  ),
];

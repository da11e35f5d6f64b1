/**
 * Signatures that anyone can compute: plain digests, and HMACs whose key is no secret.
 *
 * @module
 */
import { createHash, createHmac } from 'node:crypto';
import { SIGNATURE } from '../../../schemas/contract.ts';

/** What a forger knows: the body to be sent, its id, and one event that was delivered before. */
export interface Known {
  readonly body: string;
  readonly id: string;
  readonly timestamp: string;
  readonly earlier: { readonly body: string };
}

export interface KeylessSignature {
  /** "sha256(body)", as a developer would write it. */
  readonly name: string;
  /** Hexadecimal digits of its digest; 64 unless given. */
  readonly digits?: number;
  /** The digest, in hexadecimal. */
  digest(known: Known): string;
}

const hash = (algorithm: string, text: string): string =>
  createHash(algorithm).update(text).digest('hex');

const hmac = (key: string, text: string, algorithm = 'sha256'): string =>
  createHmac(algorithm, key).update(text).digest('hex');

const DIGITS = { sha256: 64, sha512: 128, sha1: 40, md5: 32 };

const PLAIN: readonly KeylessSignature[] = Object.entries(DIGITS).map(([algorithm, digits]) => ({
  name: `${algorithm}(body)`,
  digits,
  digest: ({ body }) => hash(algorithm, body),
}));

/** In the order of how likely a receiver is to accept them. */
export const KEYLESS: readonly KeylessSignature[] = [
  ...PLAIN,
  { name: 'HMAC-SHA256 of the body with the body as key', digest: ({ body }) => hmac(body, body) },
  { name: 'HMAC-SHA256 of the body with its id as key', digest: ({ body, id }) => hmac(id, body) },
  {
    name: 'HMAC-SHA256 of the body with its timestamp as key',
    digest: ({ body, timestamp }) => hmac(timestamp, body),
  },
  {
    name: 'HMAC-SHA256 of the body with the header’s name as key',
    digest: ({ body }) => hmac(SIGNATURE.header, body),
  },
  { name: 'sha256(id)', digest: ({ id }) => hash('sha256', id) },
  { name: 'sha256(id + timestamp)', digest: ({ id, timestamp }) => hash('sha256', id + timestamp) },
  { name: 'sha256(sha256(body))', digest: ({ body }) => hash('sha256', hash('sha256', body)) },
  { name: 'sha256 of an empty body', digest: () => hash('sha256', '') },
  { name: '64 zeros', digest: () => '0'.repeat(64) },
  {
    name: 'sha256 of an earlier event’s body',
    digest: ({ earlier }) => hash('sha256', earlier.body),
  },
];

/** How the digest can be written into the header. */
export const ENCODINGS: readonly (readonly [name: string, write: (hex: string) => string])[] = [
  ['', (hex) => SIGNATURE.prefix + hex],
  [' in base64', (hex) => SIGNATURE.prefix + Buffer.from(hex, 'hex').toString('base64')],
  [' without the prefix', (hex) => hex],
];

export interface WrittenSignature {
  readonly name: string;
  /** Name in {@link ENCODINGS}. */
  readonly encoding: string;
  /** Hexadecimal digits of its digest. */
  readonly digits: number;
  readonly write: (known: Known) => string;
}

/** Every digest in hexadecimal with the prefix; the likely ones in other encodings, too. */
export const KEYLESS_SIGNATURES: readonly WrittenSignature[] = KEYLESS.flatMap(
  ({ name, digest, digits = 64 }, place) =>
    ENCODINGS.slice(0, place < PLAIN.length + 2 ? ENCODINGS.length : 1).map(([how, write]) => ({
      name: name + how,
      encoding: how,
      digits,
      write: (known: Known) => write(digest(known)),
    })),
);

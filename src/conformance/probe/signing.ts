/**
 * Signatures for probes, and their redaction in reports.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { SIGNATURE } from '../../../schemas/contract.ts';
import { createSigner } from '../../signature/sign.ts';
import { candidates, type Candidate } from '../../signature/candidates.ts';
import type { Hidden, Redactor } from '../redact/redact.ts';

/** The value of the signature header; null sends none. */
export type SignatureValue = string | null;

export interface Signing {
  /** The valid header value for a body. */
  valid(body: Uint8Array | string): string;
  /** The valid digest: lower-case hex, without the prefix. */
  digest(body: Uint8Array | string): string;
  /** The digest's bytes for a body that is not sent, so that no report needs to hide it. */
  peek(body: Uint8Array | string): Buffer;
  /** The header value with a digest that is made from the valid one, such as a part of it. */
  altered(body: Uint8Array | string, edit: (right: string) => string): string;
  /** The header value by another algorithm, with its name as prefix: `sha1=…`. */
  with(algorithm: string, body: Uint8Array | string): string;
  /** The header value by another key. */
  by(key: Uint8Array | string, body: Uint8Array | string): string;
  /** Signatures that a faulty receiver may expect instead, most likely first. */
  candidates(body: Uint8Array | string): readonly Candidate[];
}

const bytes = (body: Uint8Array | string): Buffer =>
  typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body);

/** Without the padding that many encoders omit. */
const base64Of = (digest: Buffer): string => digest.toString('base64').replace(/={1,2}$/, '');

/** What a digest in lower-case hex begins with; parts of it that probes send get their own labels. */
const hexForms = (hex: string): readonly Hidden[] => [
  [hex, '<the right digest>'],
  [hex.slice(0, 32), '<first half of the right digest>'],
  [hex.slice(0, 8), '<the first 8 of the right digest>'],
  [hex.slice(0, -1), '<all but the last of the right digest>'],
  // The changed digit would vary with the time of the run.
  [hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0'), '<the right digest but for its last>'],
];

const hideRightDigest = (redactor: Redactor, hex: string, raw: Buffer): void => {
  redactor.hideAll(hex, () => hexForms(hex));
  redactor.hide(hex.slice(32), '<second half of the right digest>');
  redactor.hide(hex.toUpperCase(), '<the right digest, upper case>');
  const base64 = base64Of(raw);
  const base64url = base64.replaceAll('+', '-').replaceAll('/', '_');
  redactor.hide(base64, '<the right digest, base64>');
  if (base64url !== base64) redactor.hide(base64url, '<the right digest, base64>');
};

/** Create signatures with a secret. Everything derived from it is redacted in reports from then on. */
export const createSigning = (secret: string, redactor: Redactor): Signing => {
  const sign = createSigner(secret);
  redactor.hideSecret(secret, 'the secret');
  /** Cache: a body is signed when it is sent, and again when its exchange is recorded. */
  const known = new WeakMap<Uint8Array, string>();
  const hidden = new Set<string>();
  const peek = (body: Uint8Array | string): Buffer =>
    Buffer.from(sign(body).slice(SIGNATURE.prefix.length), SIGNATURE.encoding);
  const digest = (body: Uint8Array | string): string => {
    const before = typeof body === 'string' ? undefined : known.get(body);
    if (before !== undefined) return before;
    const raw = peek(body);
    const hex = raw.toString('hex');
    if (!hidden.has(hex)) hideRightDigest(redactor, hex, raw);
    hidden.add(hex);
    if (typeof body !== 'string') known.set(body, hex);
    return hex;
  };
  const hideDigest = (made: Buffer): void => {
    redactor.hide(made.toString('hex'), '<a digest>');
    redactor.hide(made.toString('hex').toUpperCase(), '<a digest, upper case>');
    redactor.hide(base64Of(made), '<a digest, base64>');
  };
  return {
    digest,
    peek,
    candidates: (body) => {
      const made = [...candidates(secret, bytes(body))];
      for (const candidate of made) hideDigest(candidate.digest);
      digest(body);
      return made;
    },
    valid: (body) => SIGNATURE.prefix + digest(body),
    altered: (body, edit) => {
      const made = edit(digest(body));
      redactor.hide(made, '<made from the right digest>');
      return SIGNATURE.prefix + made;
    },
    with: (algorithm, body) => {
      const made = createHmac(algorithm, secret).update(body).digest();
      hideDigest(made);
      return `${algorithm}=${made.toString('hex')}`;
    },
    by: (key, body) =>
      SIGNATURE.prefix +
      createHmac(SIGNATURE.algorithm, key).update(body).digest(SIGNATURE.encoding),
  };
};

/**
 * How people write a digest in place of the form that is due: hypotheses as data.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Cause } from '../cause.ts';
import { BASE64, MISSING_PREFIX, UPPER_CASE } from '../parse-header.ts';

export interface DigestEncoding {
  /** Deviations from the expected form; empty for the expected form. */
  readonly causes: readonly Cause[];
  readonly write: (digest: Buffer, algorithm: string) => string;
}

const hex = (digest: Buffer): string => digest.toString('hex');

const WHOLE_HEADER: Cause = {
  ...MISSING_PREFIX,
  remedy: `Compare the whole header with "${SIGNATURE.prefix}" and the hex digits, or take that prefix off the header first.`,
};
const LOWER_CASE: Cause = {
  ...UPPER_CASE,
  remedy: 'Compute the digits in lower case (.NET: Convert.ToHexStringLower; PHP: hash_hmac).',
};
const STRIPE: Cause = {
  id: 'header/stripe-form',
  says: 'is written as Stripe does (t=…,v1=…)',
  remedy: `This provider writes ${SIGNATURE.prefix} and the hex digits, nothing else: do not use Stripe's library or copy its parser.`,
};
const VERSIONED: Cause = {
  id: 'header/other-prefix',
  says: `has "v1=" in front in place of "${SIGNATURE.prefix}"`,
  remedy: `Expect "${SIGNATURE.prefix}" in front of the digits.`,
};
const STANDARD: Cause = {
  id: 'header/standard-form',
  says: 'is written as Standard Webhooks does (v1, and base64)',
  remedy: `This provider writes ${SIGNATURE.prefix} and hex digits, and signs the body alone: do not use a library for Standard Webhooks (svix).`,
};

/** The due one first. */
export const DIGEST_ENCODINGS: readonly DigestEncoding[] = [
  { causes: [], write: (digest) => SIGNATURE.prefix + hex(digest) },
  { causes: [WHOLE_HEADER], write: hex },
  {
    causes: [LOWER_CASE],
    write: (digest) => SIGNATURE.prefix + hex(digest).toUpperCase(),
  },
  { causes: [BASE64], write: (digest) => SIGNATURE.prefix + digest.toString('base64') },
  { causes: [WHOLE_HEADER, BASE64], write: (digest) => digest.toString('base64') },
  { causes: [WHOLE_HEADER, LOWER_CASE], write: (digest) => hex(digest).toUpperCase() },
  { causes: [VERSIONED], write: (digest) => `v1=${hex(digest)}` },
  { causes: [STANDARD], write: (digest) => `v1,${digest.toString('base64')}` },
  { causes: [STRIPE], write: (digest) => `t=1775485397,v1=${hex(digest)}` },
];

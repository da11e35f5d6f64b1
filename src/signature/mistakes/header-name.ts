/**
 * Where people look for the signature in place of the header that is due: hypotheses as data.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Cause } from '../cause.ts';

export interface HeaderName {
  readonly name: string;
  /** Null for the name that is due. */
  readonly cause: Cause | null;
}

const REMEDY = `Read the header ${SIGNATURE.header}, without regard to upper and lower case.`;

const other = (name: string): HeaderName => ({
  name,
  cause: {
    id: `header-name/${name.toLowerCase()}`,
    says: `is in the header ${name}`,
    remedy: REMEDY,
  },
});

const spelled = (id: string, name: string): HeaderName => ({
  name,
  cause: {
    id: `header-name/${id}`,
    says: `is in a header spelled ${name}`,
    remedy: `Names of headers have no case (RFC 9110, 5.1): look ${SIGNATURE.header} up without regard to it.`,
  },
});

/** The due one first. */
export const HEADER_NAMES: readonly HeaderName[] = [
  { name: SIGNATURE.header, cause: null },
  spelled('lower-case', SIGNATURE.header.toLowerCase()),
  ...[
    'X-Hub-Signature-256',
    'X-Signature',
    'X-Webhook-Signature',
    'Signature',
    'X-Signature-256',
    'Webhook-Signature',
    'X-SendEmAll-Signature-256',
    'SendEmAll-Signature',
    'X-Hub-Signature',
    'Stripe-Signature',
  ].map(other),
  spelled('upper-case', SIGNATURE.header.toUpperCase()),
];

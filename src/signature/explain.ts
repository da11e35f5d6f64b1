/**
 * Says why a signature does not match, by finding out what it is the signature of.
 *
 * @module
 */
import { SIGNATURE } from '../../schemas/contract.ts';
import { isSignedBy, sign } from './sign.ts';
import { ALGORITHMS, DUE_ALGORITHM } from './mistakes/algorithm.ts';
import { readHeader, type HeaderForm, type Reading } from './parse-header.ts';
import { BODY_MISTAKES } from './mistakes/body.ts';
import type { Cause } from './cause.ts';
import { SECRET_MISTAKES } from './mistakes/secret.ts';
import { findVariants } from './variants.ts';

export interface SignatureReport {
  readonly matches: boolean;
  /** What the header must be. */
  readonly expected: string;
  /** Whether the causes are proven (together they make exactly this signature) or only what is left. */
  readonly proven: boolean;
  /** What is wrong, all of it at once; empty when it matches. Never quotes the secret. */
  readonly causes: readonly Cause[];
}

export interface SignatureClaim {
  /** The exact bytes, or characters that are sent as UTF-8. */
  readonly body: Uint8Array | string;
  /** The header's value as received; null or undefined without the header. */
  readonly header: string | null | undefined;
  readonly secret: string;
}

interface Candidate {
  readonly digest: Buffer;
  readonly causes: readonly Cause[];
}

/**
 * Everything that the signature may be, fewest mistakes first: none, one, then two of different kinds. Null is a step
 * without a candidate.
 */
function* candidatesFor(secret: string, body: Buffer): Generator<Candidate | null> {
  const keys = yield* findVariants(secret, SECRET_MISTAKES);
  const bodies = yield* findVariants(body, BODY_MISTAKES);
  for (const mistakes of [0, 1, 2]) {
    for (const bodyVariant of bodies) {
      for (const key of keys) {
        for (const { cause, digest } of ALGORITHMS) {
          const causes = [bodyVariant.cause, key.cause, cause].filter((one) => one !== null);
          if (causes.length !== mistakes) continue;
          yield { digest: digest(key.value, bodyVariant.value), causes };
        }
      }
    }
  }
}

/** Shorter than this, two digests can begin alike by chance. */
const MARKER_BYTES = 4;

const cutShort = (form: HeaderForm, expected: Buffer): Cause | null => {
  const given = form.text.toLowerCase();
  const due = expected.toString('hex');
  if (given.length >= MARKER_BYTES * 2 && due !== given && due.startsWith(given)) {
    return {
      id: 'header/truncated',
      says: `is cut short: ${given.length} of ${due.length} hex digits`,
      remedy: 'Look for a column, a buffer or a copy that is too short.',
    };
  }
  if (given.length > due.length && given.startsWith(due)) {
    return {
      id: 'header/trailing',
      says: 'has something after its 64 hex digits',
      remedy: 'Remove what follows the digits.',
    };
  }
  return null;
};

const OTHER: Cause = {
  id: 'secret/other',
  says: 'was made with another secret, or over another body',
  remedy:
    'Compare the secret of the webhook with the one given here (was it rotated?), and check the bytes exactly as they came, before anything parsed or logged them.',
};

const DIGEST_BYTES = 32;

const malformed = (form: HeaderForm): Cause => ({
  id: 'header/malformed',
  says: `holds no ${SIGNATURE.algorithm.toUpperCase()} digest (${form.text.length} characters after the prefix, 64 hex digits are due)`,
  remedy: `Write it as ${SIGNATURE.prefix} followed by 64 lower-case hex digits.`,
});

const firstMatch = (
  readings: readonly Reading[],
  candidate: Candidate,
): readonly Cause[] | null => {
  const reading = readings.find(({ digest }) => digest.equals(candidate.digest));
  return reading === undefined ? null : [...reading.causes, ...candidate.causes];
};

/**
 * Checks a signature and, when it does not match, explains why: it tries what receivers get wrong
 * (another encoding, a re-serialised body, a trimmed secret …), alone and in pairs.
 *
 * @example
 * ```ts
 * const report = explainSignature({ body: '{"a":1}\n', header: sign('{"a":1}', 's3cr3t!!'), secret: 's3cr3t!!' });
 * report.causes[0]?.id; // 'body/newline-trimmed'
 * ```
 */
export const explainSignature = (claim: SignatureClaim): SignatureReport => {
  const search = explainStepwise(claim);
  for (;;) {
    const { done, value } = search.next();
    if (done === true) return value;
  }
};

/** As {@link explainSignature}, in a thousand steps, between which a caller may yield to the event loop. */
export function* explainStepwise({
  body,
  header,
  secret,
}: SignatureClaim): Generator<'variant' | 'digest', SignatureReport> {
  const bytes = Buffer.from(body);
  const expected = sign(bytes, secret);
  if (isSignedBy(header, bytes, secret)) {
    return { matches: true, expected, proven: true, causes: [] };
  }
  const failed = (proven: boolean, ...causes: readonly Cause[]): SignatureReport => ({
    matches: false,
    expected,
    proven,
    causes,
  });

  const form = readHeader(header);
  if ('says' in form) return failed(true, form);
  const cut = cutShort(form, DUE_ALGORITHM.digest(secret, bytes));
  if (cut !== null) return failed(true, ...form.causes, cut);
  for (const candidate of candidatesFor(secret, bytes)) {
    yield candidate === null ? 'variant' : 'digest';
    const causes = candidate === null ? null : firstMatch(form.readings, candidate);
    if (causes !== null) return failed(true, ...causes);
  }
  const wellFormed = form.readings.find(({ digest }) => digest.length === DIGEST_BYTES);
  return wellFormed === undefined
    ? failed(false, ...form.causes, malformed(form))
    : failed(false, ...wellFormed.causes, OTHER);
}

/**
 * What of a signature is compared, at a receiver that accepts a wrong one: its presence, its length, its form, some of its
 * digits, or its digits without their order. Each digit is changed alone, and each part of the form is left out alone.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Verdict } from '../check.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { rememberCause, type NamedCause } from './known-causes.ts';

const DIGITS = 64;
/** A checksum of few bits accepts one of 16 wrong signatures, and this many only when none is compared. */
const WRONG = 6;

export const KEY = 'forged:compared';

const FIX =
  'Compare the whole header with "sha256=" and the 64 digits, in constant time, with a function that is made for it (Node: crypto.timingSafeEqual; Python: hmac.compare_digest; PHP: hash_equals; Ruby: Rack::Utils.secure_compare).';

const accepts = async (
  probe: Probe,
  signature: string | null | ((right: string) => string),
): Promise<boolean> => {
  const body = probe.write(probe.event());
  const value =
    typeof signature === 'function' ? probe.signing.altered(body, signature) : signature;
  return isAccepted(await probe.post(body, { signature: value }));
};

const FORMS: readonly (readonly [name: string, value: string, sentence: string])[] = [
  [
    'presence',
    'abc',
    'Any signature is accepted, whatever it is: only the presence of the header is verified.',
  ],
  [
    'length',
    'z'.repeat(SIGNATURE.prefix.length + DIGITS),
    'Any signature of the correct length is accepted: only the length is compared, not the value.',
  ],
  [
    'prefix-and-length',
    SIGNATURE.prefix + 'z'.repeat(DIGITS),
    `Any signature of the correct length that begins with ${SIGNATURE.prefix} is accepted: only the prefix and the length are compared.`,
  ],
];

/** Every wrong digest is accepted: the most general signature that is. Null if even none is needed. */
const byForm = async (probe: Probe): Promise<NamedCause | null> => {
  if (await accepts(probe, null)) return null;
  for (const [name, value, sentence] of FORMS) {
    if (await accepts(probe, value)) return { key: `${KEY}:${name}`, sentence, fix: FIX };
  }
  return {
    key: `${KEY}:form`,
    sentence: `Any ${DIGITS} hex digits behind ${SIGNATURE.prefix} are accepted: only the form of the signature is verified, and its value is not compared, or the result of the comparison is ignored.`,
    fix: FIX,
  };
};

/** Another hex digit. */
const other = (digit = '0'): string => (Number.parseInt(digit, 16) ^ 1).toString(16);

const changed = (places: ReadonlySet<number>) => (right: string) =>
  [...right].map((digit, at) => (places.has(at) ? other(digit) : digit)).join('');

/** Digits that may be wrong, each alone and all together. */
const ignoredDigits = async (probe: Probe): Promise<ReadonlySet<number>> => {
  const ignored = new Set<number>();
  for (let at = 0; at < DIGITS; at += 1) {
    if (await accepts(probe, changed(new Set([at])))) ignored.add(at);
  }
  const isSo = ignored.size > 0 && (await accepts(probe, changed(ignored)));
  return isSo ? ignored : new Set();
};

const MAX_RUNS = 3;

/** "digits 1 to 16", "digits 1 to 8 and 57 to 64", "32 digits (number 1, 3, 5, …)". */
const describeCompared = (ignored: ReadonlySet<number>): string => {
  const compared = Array.from({ length: DIGITS }, (_, at) => at).filter((at) => !ignored.has(at));
  const runs: [first: number, last: number][] = [];
  for (const at of compared) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === at - 1) run[1] = at;
    else runs.push([at, at]);
  }
  if (runs.length > MAX_RUNS) {
    const some = compared.slice(0, MAX_RUNS).map((at) => at + 1);
    return `${compared.length} of its ${DIGITS} digits are compared (number ${some.join(', ')}, …)`;
  }
  const names = runs.map(([from, to]) =>
    from === to ? `${from + 1}` : `${from + 1} to ${to + 1}`,
  );
  return `digits ${names.join(' and ')} of its ${DIGITS} digits are compared`;
};

const byDigits = async (probe: Probe): Promise<NamedCause | null> => {
  const ignored = await ignoredDigits(probe);
  if (ignored.size === DIGITS) return null;
  if (ignored.size > 0) {
    return {
      key: `${KEY}:part`,
      sentence: `Only a part of the signature is compared: ${describeCompared(ignored)}, and the rest can be anything.`,
      fix: FIX,
    };
  }
  const isSum = await accepts(probe, (right) => [...right].toReversed().join(''));
  return isSum
    ? {
        key: `${KEY}:order`,
        sentence:
          'The digits of the signature are compared without their order, as by a sum, an XOR or a set: the correct digits in reverse order are accepted.',
        fix: FIX,
      }
    : null;
};

const experiment = async (probe: Probe): Promise<NamedCause | null> => {
  let wrong = 0;
  while (wrong < WRONG && (await accepts(probe, wrongSignature(probe)))) wrong += 1;
  return wrong === WRONG ? byForm(probe) : byDigits(probe);
};

/** @returns the failure of a wrong signature that was accepted, with what is compared of it where experiments show that */
export const explainComparison = async (probe: Probe, verdict: Verdict): Promise<Verdict> => {
  if (verdict.status !== 'fail' || verdict.level !== undefined) return verdict;
  const cause = await probe.memory.once(KEY, () => experiment(probe));
  if (cause === null) return verdict;
  rememberCause(probe, 'forged', cause);
  const { key, sentence, fix } = cause;
  const harm = 'Anyone who knows the URL can forge events.';
  return { ...verdict, key, diagnosis: `${sentence} ${harm}`, fix };
};

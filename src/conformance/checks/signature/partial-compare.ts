/**
 * Partially correct signatures: a short part can be found by brute force.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, wrongDigest, type Forgery } from '../../judge/forgeries.ts';
import { explainComparison } from '../../experiments/compared-part.ts';
import type { Probe } from '../../probe/probe.ts';
import { pass } from '../../verdict.ts';

const forgeries = (probe: Probe): readonly Forgery[] => {
  const { prefix } = SIGNATURE;
  const wrong = wrongDigest(probe);
  const made = (name: string, edit: (right: string) => string): Forgery => ({
    name,
    signature: (body) => prefix + edit(probe.signing.digest(body)),
  });
  const altered = (name: string, edit: (right: string) => string): Forgery => ({
    name,
    signature: (body) => probe.signing.altered(body, edit),
  });
  const mixed = (right: string, isRight: (at: number) => boolean): string =>
    [...right].map((digit, at) => (isRight(at) ? digit : wrong[at])).join('');
  /** Return a hex digit other than the given one. */
  const other = (digit: string): string => (digit === '0' ? '1' : '0');
  return [
    made('the first 8 digits correct', (right) => right.slice(0, 8) + wrong.slice(8)),
    made('the first half correct', (right) => right.slice(0, 32) + wrong.slice(32)),
    made('the second half correct', (right) => wrong.slice(0, 32) + right.slice(32)),
    made('all but the last digit correct', (right) => right.slice(0, -1) + other(right.at(-1)!)),
    made('only the first 8 digits', (right) => right.slice(0, 8)),
    made('only the first half', (right) => right.slice(0, 32)),
    made('only the first 63 digits', (right) => right.slice(0, -1)),
    altered('the first and the last quarter correct', (right) =>
      mixed(right, (at) => at < 16 || at >= 48),
    ),
    altered('every other digit correct', (right) => mixed(right, (at) => at % 2 === 0)),
    altered('the other half of the digits correct', (right) => mixed(right, (at) => at % 2 === 1)),
    altered('the correct digits in reverse order', (right) => [...right].toReversed().join('')),
  ];
};

export const check = defineCheck({
  id: 'signature/partial-compare',
  level: 'MUST',
  title: 'Compares the whole signature',
  requirement: {
    text: 'A signature is valid only if all 64 digits match',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'Only part of the signature is compared (startsWith, includes, a slice, the length that was sent), so the rest can be guessed.',
  fix: 'Compare complete values of the same length in constant time. Do not swap arguments: `expected.startsWith(given)` accepts any prefix.',
  catches: [
    'signature-starts-with-8',
    'signature-first-half',
    'signature-second-half',
    'signature-compares-given-length',
    'signature-ends-only',
    'signature-every-other-digit',
    'signature-sum-of-digits',
  ],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const verdict = await judgeAcceptance(probe, forgeries(probe));
    if (verdict.status === 'fail') return explainComparison(probe, verdict);
    if (verdict.status !== 'pass' || verdict.note !== undefined) return verdict;
    return pass('constant-time comparison cannot be verified over a network');
  },
});

/**
 * Signatures that are right in part: a forger finds a short part by trying.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, wrongDigest, type Forgery } from '../../judge/forgeries.ts';
import type { Probe } from '../../probe/probe.ts';
import { pass } from '../../verdict.ts';

const forgeries = (probe: Probe): readonly Forgery[] => {
  const { prefix } = SIGNATURE;
  const wrong = wrongDigest(probe);
  const made = (name: string, edit: (right: string) => string): Forgery => ({
    name,
    signature: (body) => prefix + edit(probe.signing.digest(body)),
  });
  /** Not the given hex digit. */
  const other = (digit: string): string => (digit === '0' ? '1' : '0');
  return [
    made('the first 8 digits right', (right) => right.slice(0, 8) + wrong.slice(8)),
    made('the first half right', (right) => right.slice(0, 32) + wrong.slice(32)),
    made('the second half right', (right) => wrong.slice(0, 32) + right.slice(32)),
    made('all but the last digit right', (right) => right.slice(0, -1) + other(right.at(-1)!)),
    made('the first 8 digits alone', (right) => right.slice(0, 8)),
    made('the first half alone', (right) => right.slice(0, 32)),
    made('all but the last digit', (right) => right.slice(0, -1)),
  ];
};

export const check = defineCheck({
  id: 'signature/partial-compare',
  level: 'MUST',
  title: 'Compares all of the signature',
  requirement: {
    text: 'The signature is right when all 64 digits are',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'Only a part is compared (startsWith, includes, a slice, as many characters as were sent): what is left can be guessed.',
  fix: 'Compare both values whole and of the same length, in constant time. Swap no arguments: `expected.startsWith(given)` takes any beginning of it.',
  catches: [
    'signature-starts-with-8',
    'signature-first-half',
    'signature-second-half',
    'signature-compares-given-length',
  ],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const verdict = await judgeAcceptance(probe, forgeries(probe));
    if (verdict.status !== 'pass' || verdict.note !== undefined) return verdict;
    return pass('whether it compares in constant time cannot be seen over a network');
  },
});

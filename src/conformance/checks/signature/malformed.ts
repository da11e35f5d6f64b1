/**
 * Malformed signatures.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { judgeForgeries, wrongDigest, type Forgery } from '../../judge/forgeries.ts';
import type { Probe } from '../../probe/probe.ts';

const LONG = 4000;

const forgeries = (probe: Probe): readonly Forgery[] => {
  const { prefix, algorithm } = SIGNATURE;
  const digits = wrongDigest(probe);
  const values: readonly (readonly [name: string, value: string])[] = [
    ['an empty value', ''],
    [`"${prefix}" alone`, prefix],
    ['"abc"', 'abc'],
    ['"undefined"', 'undefined'],
    ['no "=" before the digits', `${algorithm}${digits}`],
    ['"=" and the digits', `=${digits}`],
    ['63 digits', prefix + digits.slice(1)],
    ['65 digits', `${prefix}${digits}0`],
    ['two digits', `${prefix}00`],
    ['64 "z" characters', prefix + 'z'.repeat(64)],
    ['"bogus=" and 64 digits', `bogus=${digits}`],
    ['"none="', 'none='],
    ['"none=" and 64 digits', `none=${digits}`],
    ['two empty signatures', `${prefix},${prefix}`],
    [`${LONG} characters`, prefix + 'a'.repeat(LONG)],
  ];
  return values.map(([name, signature]) => ({ name, signature }));
};

export const check = defineCheck({
  id: 'signature/malformed',
  level: 'MUST',
  title: 'Rejects malformed signatures',
  requirement: {
    text: 'The header is sha256= and the hex digest; anything else is a wrong signature and gets a 401',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'A value that cannot be parsed is treated as nothing to check, or a parse error counts as verified.',
  fix: 'Build the expected value and compare the whole header with it, after comparing lengths; respond with 401 to every error in verification.',
  catches: [
    'signature-empty-accepted',
    'signature-malformed-accepted',
    'signature-length-throws',
    'signature-compares-given-length',
  ],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: (probe) => judgeForgeries(probe, forgeries(probe)),
});

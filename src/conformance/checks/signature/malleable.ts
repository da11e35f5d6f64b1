/**
 * The valid signature with extra characters: not a forgery, but not equal either.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, type Forgery } from '../../judge/forgeries.ts';
import type { Probe } from '../../probe/probe.ts';

const variants = ({ signing }: Probe): readonly Forgery[] => {
  const { prefix } = SIGNATURE;
  const made = (name: string, edit: (digest: string) => string): Forgery => ({
    name,
    signature: (body) => edit(signing.digest(body)),
  });
  return [
    made('the valid signature followed by "zz"', (digest) => `${prefix}${digest}zz`),
    made('the valid signature followed by "a"', (digest) => `${prefix}${digest}a`),
    made('the correct digest between other digits', (digest) => `${prefix}00${digest}00`),
    made('the valid signature preceded by "x"', (digest) => `x${prefix}${digest}`),
  ];
};

export const check = defineCheck({
  id: 'signature/malleable',
  level: 'SHOULD',
  title: 'Accepts only the exact signature',
  requirement: {
    text: 'The header is sha256= and the 64 digits of the digest, and nothing else',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The signature is malleable: a hex decoder ignores invalid input (Node: Buffer.from(text, "hex") stops without an error), or the header is only searched for the digest. Forging is not possible, but two different headers count as the same signature.',
  fix: 'Compare strings: the whole header with the expected value of the same length. Or match /^sha256=[0-9a-f]{64}$/ before decoding.',
  catches: ['signature-hex-lenient', 'signature-includes'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/partial-compare', 'signature/malformed'],
  run: (probe) => judgeAcceptance(probe, variants(probe)),
});

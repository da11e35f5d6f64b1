/**
 * The right signature with something around it: no forgery, but no equality either.
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
    made('the right value and "zz"', (digest) => `${prefix}${digest}zz`),
    made('the right value and "a"', (digest) => `${prefix}${digest}a`),
    made('the right digest in the midst of others', (digest) => `${prefix}00${digest}00`),
    made('something in front of the right value', (digest) => `x${prefix}${digest}`),
  ];
};

export const check = defineCheck({
  id: 'signature/malleable',
  level: 'SHOULD',
  title: 'Accepts nothing but the exact signature',
  requirement: {
    text: 'The header is sha256= and the 64 digits of the digest, nothing more',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The value is malleable: a hex decoder ignores what it cannot read (Node: Buffer.from(text, "hex") stops there without an error), or the right digest is only searched for in the header. Nobody can forge with it, but two different headers count as the same signature.',
  fix: 'Compare text with text: the whole header with the expected value, of the same length. Or check /^sha256=[0-9a-f]{64}$/ before decoding.',
  catches: ['signature-hex-lenient', 'signature-includes'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/partial-compare', 'signature/malformed'],
  run: (probe) => judgeAcceptance(probe, variants(probe)),
});

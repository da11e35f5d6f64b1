/**
 * The correct digest without its prefix.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeAccepted } from '../../judge/forgeries.ts';

export const check = defineCheck({
  id: 'signature/prefix-optional',
  level: 'INFO',
  title: 'Requires the sha256= prefix',
  requirement: {
    text: 'The header is sha256= and the lower-case hex digest',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'The prefix is optional. This may be intended: forging is not possible.',
  fix: 'No change is needed. To be strict, compare the whole header including sha256=.',
  catches: ['signature-prefix-optional'],
  stage: 'negative',
  after: [
    'signature/wrong-digest',
    'signature/refuses-with-4xx',
    'signature/malformed',
    'signature/partial-compare',
    'signature/malleable',
  ],
  run: (probe) =>
    describeAccepted(probe, [
      { name: 'bare hex', signature: (body) => probe.signing.digest(body) },
      { name: 'v1= as prefix', signature: (body) => `v1=${probe.signing.digest(body)}` },
    ]),
});

/**
 * The right digest without what stands in front of it.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeAccepted } from '../../judge/forgeries.ts';

export const check = defineCheck({
  id: 'signature/prefix-optional',
  level: 'INFO',
  title: 'Wants sha256= in front of the digest',
  requirement: {
    text: 'The header is sha256= and the lower-case hex digest',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The prefix is cut off when it is there. That is a design that can be meant so: nothing can be forged.',
  fix: 'Nothing has to be done. To be strict, compare the whole header, with sha256= in front.',
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
      { name: 'v1= in front', signature: (body) => `v1=${probe.signing.digest(body)}` },
    ]),
});

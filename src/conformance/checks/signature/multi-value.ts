/**
 * Several signatures in one header.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeAccepted, wrongSignature } from '../../judge/forgeries.ts';

export const check = defineCheck({
  id: 'signature/multi-value',
  level: 'INFO',
  title: 'Accepts a single signature, not a list',
  requirement: {
    text: 'The header is sha256= and the lower-case hex digest',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The header is parsed as a list and one valid value is enough. This may be intended, because providers that rotate secrets send lists; this provider sends one value.',
  fix: 'No change is needed. To be strict, compare the whole header.',
  catches: ['signature-any-of-many'],
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
      {
        name: 'a wrong signature, a comma, the valid one',
        signature: (body) => `${wrongSignature(probe)},${probe.signing.valid(body)}`,
      },
      {
        name: 'the valid signature, a comma, a space, a wrong one',
        signature: (body) => `${probe.signing.valid(body)}, ${wrongSignature(probe)}`,
      },
      {
        name: 'a wrong signature, a space, the valid one',
        signature: (body) => `${wrongSignature(probe)} ${probe.signing.valid(body)}`,
      },
    ]),
});

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
  title: 'Takes one signature, not a list',
  requirement: {
    text: 'The header is sha256= and the lower-case hex digest',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The header is read as a list, and one right value is enough. Providers that rotate secrets send such lists, so it can be meant so; this one sends one value.',
  fix: 'Nothing has to be done. To be strict, compare the whole header.',
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
        name: 'a wrong one, a comma and the right one',
        signature: (body) => `${wrongSignature(probe)},${probe.signing.valid(body)}`,
      },
      {
        name: 'the right one, a comma, a space and a wrong one',
        signature: (body) => `${probe.signing.valid(body)}, ${wrongSignature(probe)}`,
      },
      {
        name: 'a wrong one, a space and the right one',
        signature: (body) => `${wrongSignature(probe)} ${probe.signing.valid(body)}`,
      },
    ]),
});

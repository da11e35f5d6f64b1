/**
 * The correct digest in upper case.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { describeAccepted } from '../../judge/forgeries.ts';

export const check = defineCheck({
  id: 'signature/upper-case',
  level: 'INFO',
  title: 'Accepts only lower-case digits',
  requirement: {
    text: 'The header is sha256= and the lower-case hex digest',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The digits are decoded before comparison or compared case-insensitively. This may be intended: forging is not possible.',
  fix: 'No change is needed. To be strict, compare the unmodified header.',
  catches: ['signature-any-case'],
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
        name: 'upper-case digits',
        signature: (body) => SIGNATURE.prefix + probe.signing.digest(body).toUpperCase(),
      },
      {
        name: 'upper-case prefix',
        signature: (body) => SIGNATURE.prefix.toUpperCase() + probe.signing.digest(body),
      },
    ]),
});

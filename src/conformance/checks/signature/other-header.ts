/**
 * The valid signature in headers of other providers.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeAccepted } from '../../judge/forgeries.ts';

const NAMES = ['X-Hub-Signature-256', 'X-Signature', 'X-Webhook-Signature', 'Signature'];

export const check = defineCheck({
  id: 'signature/other-header',
  level: 'INFO',
  title: 'Reads only X-SendEmAll-Signature',
  requirement: {
    text: 'The signature is in X-SendEmAll-Signature',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'One endpoint serves several providers, or code for another provider was copied. This may be intended: forging requires the secret.',
  fix: 'No change is needed. To be strict, read only this header.',
  catches: ['signature-github-header-too'],
  stage: 'negative',
  after: ['signature/wrong-digest', 'signature/refuses-with-4xx', 'signature/missing-header'],
  run: (probe) =>
    describeAccepted(
      probe,
      NAMES.map((name) => {
        const event = probe.event();
        const value = probe.signing.valid(probe.write(event));
        return {
          name: `in ${name}`,
          signature: null,
          body: event,
          headers: [[name, value] as const],
        };
      }),
    ),
});

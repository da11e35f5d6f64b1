/**
 * The right signature in a header that other providers use.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeAccepted } from '../../judge/forgeries.ts';

const NAMES = ['X-Hub-Signature-256', 'X-Signature', 'X-Webhook-Signature', 'Signature'];

export const check = defineCheck({
  id: 'signature/other-header',
  level: 'INFO',
  title: 'Looks in X-SendEmAll-Signature only',
  requirement: {
    text: 'The signature is in X-SendEmAll-Signature',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'One endpoint serves several providers, or code for another one was copied. It can be meant so: nothing can be forged without the secret.',
  fix: 'Nothing has to be done. To be strict, look in the one header.',
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

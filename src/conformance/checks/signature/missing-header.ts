/**
 * An event without a signature.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeForgeries } from '../../judge/forgeries.ts';

export const check = defineCheck({
  id: 'signature/missing-header',
  level: 'MUST',
  title: 'Rejects an event without a signature',
  requirement: {
    text: 'Every webhook request carries X-SendEmAll-Signature; verify it before processing the payload',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'The signature is checked only if the header is present.',
  fix: 'Respond with 401 if the header is missing: `if (!signature) return res.status(401).end()` before anything else.',
  catches: ['signature-missing-accepted', 'signature-missing-throws'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: (probe) => judgeForgeries(probe, [{ name: 'no signature header', signature: null }]),
});

/**
 * A well-formed but wrong signature. A receiver that accepts it accepts anything.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { explainComparison } from '../../experiments/compared-part.ts';
import { judgeAcceptance, wrongSignature } from '../../judge/forgeries.ts';

export const check = defineCheck({
  id: 'signature/wrong-digest',
  level: 'MUST',
  title: 'Rejects an event with a wrong signature',
  requirement: {
    text: 'Verify the signature before processing the payload; a wrong one gets a 401',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The signature is not compared at all, the result or error of the comparison is ignored, or verification is disabled here (NODE_ENV, a debug flag, a missing secret). Anyone who knows the URL can forge events.',
  fix: 'Compare the whole header with "sha256=" and the HMAC of the raw body, and return immediately if they differ (Node: crypto.timingSafeEqual; Python: hmac.compare_digest; PHP: hash_equals; Ruby: Rack::Utils.secure_compare). Do not let any environment disable it.',
  catches: [
    'signature-error-swallowed',
    'signature-presence-only',
    'signature-forgery-answered-200-unseen',
  ],
  stage: 'negative',
  run: async (probe) =>
    explainComparison(
      probe,
      await judgeAcceptance(probe, [
        { name: '64 wrong digits', signature: wrongSignature(probe) },
        { name: '64 zeros', signature: `sha256=${'0'.repeat(64)}` },
      ]),
    ),
});

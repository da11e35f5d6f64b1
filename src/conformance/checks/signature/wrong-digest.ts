/**
 * A signature in the right form that is not the right one: whoever takes it, takes anything.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, wrongSignature } from '../../judge/forgeries.ts';

export const check = defineCheck({
  id: 'signature/wrong-digest',
  level: 'MUST',
  title: 'Refuses an event with a wrong signature',
  requirement: {
    text: 'Verify the signature before processing the payload; a wrong one is answered 401',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The signature is not compared at all, the comparison’s result or its error is swallowed, or verification is switched off here (by NODE_ENV, a debug flag, a missing secret). Whoever knows the URL can forge events.',
  fix: 'Compare the whole header with "sha256=" and the HMAC of the raw body, and return before anything else when they differ (Node: crypto.timingSafeEqual; Python: hmac.compare_digest; PHP: hash_equals; Ruby: Rack::Utils.secure_compare). Let no environment switch it off.',
  catches: [
    'signature-error-swallowed',
    'signature-presence-only',
    'signature-forgery-answered-200-unseen',
  ],
  stage: 'negative',
  run: (probe) =>
    judgeAcceptance(probe, [
      { name: '64 wrong digits', signature: wrongSignature(probe) },
      { name: '64 zeros', signature: `sha256=${'0'.repeat(64)}` },
    ]),
});

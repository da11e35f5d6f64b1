/**
 * The plain case: without it, every "it refused the forgery" would be hollow.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, isAccepted, pass, tell } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/accepts-valid',
  level: 'MUST',
  title: 'Accepts a rightly signed event',
  requirement: {
    text: 'Any 2xx within 10 seconds is received; every event carries X-SendEmAll-Signature: sha256=<hex HMAC-SHA256 of the raw body, keyed with the whole secret>',
    source: 'guide, "Step 2: Verify the signature" and "Step 3: Handle retries"',
  },
  cause:
    'The receiver does not compute the signature as the provider does, or refuses before it gets there.',
  fix: 'Compute the HMAC over the raw bytes of the body, with the whole secret (whsec_ included) as key, and compare with the whole header.',
  catches: [],
  stage: 'preflight',
  run: async (probe) => {
    const exchange = await probe.post(probe.event());
    if (isAccepted(exchange)) return pass();
    return fail({ expected: ['a 2xx'], actual: tell(exchange.reply) });
  },
});

/**
 * The plain valid event. Without it, refusing forgeries proves nothing.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { diagnose } from '../../diagnosis/diagnose.ts';
import type { Exchange } from '../../net/exchange.ts';
import { isAccepted, pass, describeReply } from '../../verdict.ts';

/** Whether to retry: a receiver that has just started may fail once, and the provider retries too. */
const isRetryable = ({ reply }: Exchange): boolean =>
  reply.kind === 'none' ? reply.cause === 'reset' : reply.status >= 500;

export const check = defineCheck({
  id: 'signature/accepts-valid',
  level: 'MUST',
  title: 'Accepts a correctly signed event',
  requirement: {
    text: 'Any 2xx within 10 seconds acknowledges the event; every event carries X-SendEmAll-Signature: sha256=<hex HMAC-SHA256 of the raw body, keyed with the whole secret>',
    source: 'guide, "Step 2: Verify the signature" and "Step 3: Handle retries"',
  },
  cause:
    'The receiver computes the signature differently from the provider, or rejects the request before verifying it.',
  fix: 'Compute the HMAC over the raw body bytes with the whole secret (including whsec_) as key, and compare it with the whole header.',
  catches: [
    'signature-key-newline',
    'signature-key-quoted',
    'signature-key-prefix-stripped',
    'signature-key-base64-decoded',
    'signature-key-unset',
    'signature-key-other',
    'signature-content-empty',
    'signature-content-object-object',
    'signature-content-python-dumps',
    'signature-content-base64',
    'signature-content-data-only',
    'signature-content-timestamped',
    'signature-base64',
    'signature-bare-hex',
    'signature-upper-case',
    'signature-sha1',
    'signature-sha512',
    'signature-github-header',
    'signature-other-header-base64',
    'signature-dumps-and-prefix',
    'signature-header-lower-case',
    'signature-inverted',
    'http-wrong-path',
    'http-slash',
    'http-redirect',
    'http-redirect-to-login',
    'http-get-only',
    'http-csrf',
    'http-basic-auth',
    'http-login-page',
    'http-tiny-limit',
    'http-limiter',
    'http-form-only',
    'http-bad-gateway',
    'http-bot-check',
    'http-broken',
    'http-handler-throws',
    'http-schema-too-strict',
    'http-cuts-connection',
  ],
  stage: 'preflight',
  // A limit that lets no event through is a fault. If it ends soon, the event gets through on a later attempt.
  judgesLimits: true,
  run: async (probe) => {
    const exchange = await probe.post(probe.event());
    if (isAccepted(exchange)) return pass();
    if (!isRetryable(exchange)) return diagnose(probe, exchange);
    const again = await probe.post(probe.event());
    return isAccepted(again)
      ? pass(`accepted on the second attempt; the first got ${describeReply(exchange.reply)}`)
      : diagnose(probe, again);
  },
});

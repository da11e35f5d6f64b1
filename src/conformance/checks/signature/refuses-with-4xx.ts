/**
 * The response to a plain forgery: neither a success nor a server error.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { wrongSignature } from '../../judge/forgeries.ts';
import { fail, isAccepted, isRefused, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/refuses-with-4xx',
  level: 'SHOULD',
  title: 'Responds with 4xx to a wrong signature',
  requirement: {
    text: 'A request with a wrong signature gets a 401',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The verification error is not turned into its own response: it becomes a 500, a redirect, or the same 2xx that a real event gets.',
  fix: 'Respond with 401 (or another 4xx) if verification fails. Express: `return res.status(401).end()` instead of throwing; Flask: `abort(401)`; Laravel: `abort(401)`; Rails: `head :unauthorized`.',
  catches: [
    'signature-forgery-answered-200',
    'signature-forgery-answered-500',
    'signature-forgery-redirected',
  ],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const exchange = await probe.post(probe.event(), { signature: wrongSignature(probe) });
    if (isRefused(exchange)) return pass();
    return fail({
      expected: ['a 4xx (401 in the provider’s guide)'],
      actual: `a wrong signature: ${describeReply(exchange.reply)}`,
      ...(isAccepted(exchange)
        ? {
            diagnosis:
              'The forgery is dropped, but the sender gets a success. If the receiver’s secret is ever wrong, real events are lost in the same way: the provider never retries after a 2xx.',
          }
        : {}),
    });
  },
});

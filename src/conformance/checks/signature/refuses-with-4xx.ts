/**
 * What a plain forgery is answered: it must not look like success, nor like trouble.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { wrongSignature } from '../../judge/forgeries.ts';
import { fail, isAccepted, isRefused, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/refuses-with-4xx',
  level: 'SHOULD',
  title: 'Answers 4xx to a wrong signature',
  requirement: {
    text: 'A request whose signature is wrong is answered 401',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The error that verification raises is not turned into an answer of its own: it ends as 500, as a redirect, or as the same 2xx that a real event gets.',
  fix: 'Answer 401 (or another 4xx) where verification fails. Express: `return res.status(401).end()` in place of a thrown error; Flask: `abort(401)`; Laravel: `abort(401)`; Rails: `head :unauthorized`.',
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
              'The forgery is dropped, but the sender is told that it was received. When the receiver’s secret is wrong one day, real events vanish in the same way: with a 2xx the provider never retries.',
          }
        : {}),
    });
  },
});

/**
 * The correct digest in the response to a forgery: the receiver signs on behalf of anyone.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { leaksOf } from '../../judge/leaks.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/leaks-digest',
  level: 'MUST',
  title: 'Does not leak the correct signature',
  requirement: {
    text: 'Only holders of the secret can create a signature',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The response to a forgery contains the correct value ("expected sha256=…"): copy it, and the forgery is accepted.',
  fix: 'Respond with 401 without a reason. Never log the expected value.',
  catches: ['signature-leaks-expected', 'signature-leaks-expected-header'],
  observe: (observed) => {
    const leaks = leaksOf(observed, 'digest');
    if (leaks === null)
      return notTested('The receiver has not responded to any request. Run more checks.');
    const [first] = leaks;
    if (first === undefined) return pass();
    return fail({
      expected: ['no trace of it in any response'],
      actual: `${leaks.length} responses contain the correct digest of a request that did not have it; the first to ${first.by}`,
      exchanges: [first.exchange],
    });
  },
});

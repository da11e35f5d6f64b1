/**
 * The right digest in an answer to what did not have it: the receiver signs for everybody.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { leaksOf } from '../../judge/leaks.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/leaks-digest',
  level: 'MUST',
  title: 'Tells nobody the right signature',
  requirement: {
    text: 'Only who knows the secret can make a signature',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'The answer to a forgery says what would have been right ("expected sha256=…"): copy it, and the forgery is accepted.',
  fix: 'Answer 401 without a reason. Log the difference if you must, and never the expected value.',
  catches: ['signature-leaks-expected', 'signature-leaks-expected-header'],
  observe: (observed) => {
    const leaks = leaksOf(observed, 'digest');
    if (leaks === null)
      return notTested('The receiver has not answered anything. Run more checks.');
    const [first] = leaks;
    if (first === undefined) return pass();
    return fail({
      expected: ['nothing of it in any answer'],
      actual: `${leaks.length} answers hold the right digest of what was sent without it; the first to ${first.by}`,
      exchanges: [first.exchange],
    });
  },
});

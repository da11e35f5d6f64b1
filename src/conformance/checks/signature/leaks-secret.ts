/**
 * The secret in a response.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { leaksOf } from '../../judge/leaks.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/leaks-secret',
  level: 'MUST',
  title: 'Does not leak the secret',
  requirement: {
    text: 'Only the provider and the receiver know the signing secret',
    source: 'guide, "Step 1: Register your endpoint"',
  },
  cause: 'A debug page or an error message shows settings or environment variables.',
  fix: 'Disable debug pages (Django: DEBUG = False; Laravel: APP_DEBUG=false; Flask: no debug mode), keep settings out of error messages, and then register the webhook with a new secret.',
  catches: ['signature-leaks-secret'],
  observe: (observed) => {
    const leaks = leaksOf(observed, 'secret');
    if (leaks === null)
      return notTested('The receiver has not responded to any request. Run more checks.');
    const [first] = leaks;
    if (first === undefined) return pass();
    return fail({
      expected: ['no trace of it in any response'],
      actual: `${leaks.length} responses contain the secret; the first to ${first.by}`,
      exchanges: [first.exchange],
    });
  },
});

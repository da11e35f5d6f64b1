/**
 * The secret in an answer.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { leaksOf } from '../../judge/leaks.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/leaks-secret',
  level: 'MUST',
  title: 'Tells nobody the secret',
  requirement: {
    text: 'The signing secret is known to the provider and the receiver',
    source: 'guide, "Step 1: Register your endpoint"',
  },
  cause: 'A debug page or an error shows the settings or the environment.',
  fix: 'Switch debug pages off (Django: DEBUG = False; Laravel: APP_DEBUG=false; Flask: no debug mode), keep settings out of errors, and then register the webhook with another secret.',
  catches: ['signature-leaks-secret'],
  observe: (observed) => {
    const leaks = leaksOf(observed, 'secret');
    if (leaks === null)
      return notTested('The receiver has not answered anything. Run more checks.');
    const [first] = leaks;
    if (first === undefined) return pass();
    return fail({
      expected: ['nothing of it in any answer'],
      actual: `${leaks.length} answers hold the secret; the first to ${first.by}`,
      exchanges: [first.exchange],
    });
  },
});

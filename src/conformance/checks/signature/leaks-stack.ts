/**
 * A stack trace in a response.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { leaksOf } from '../../judge/leaks.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/leaks-stack',
  level: 'SHOULD',
  title: 'Does not leak stack traces',
  requirement: {
    text: 'A rejection is a 401 with a short message',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'An uncaught error reaches the framework’s default error page, which shows the stack to any client and reveals which code runs where.',
  fix: 'Respond without the stack, whatever the status: catch the error and write it only to the log. Express: NODE_ENV=production, or a custom error handler; Django: DEBUG = False; Laravel: APP_DEBUG=false; ASP.NET Core: no developer exception page.',
  catches: ['signature-leaks-stack', 'signature-leaks-traceback'],
  observe: (observed) => {
    const leaks = leaksOf(observed, 'stack');
    if (leaks === null)
      return notTested('The receiver has not responded to any request. Run more checks.');
    const [first] = leaks;
    if (first === undefined) return pass();
    return fail({
      expected: ['no trace of it in any response'],
      actual: `${leaks.length} responses contain a stack trace; the first to ${first.by}`,
      exchanges: [first.exchange],
    });
  },
});

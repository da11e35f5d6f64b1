/**
 * A stack trace in an answer.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { leaksOf } from '../../judge/leaks.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'signature/leaks-stack',
  level: 'SHOULD',
  title: 'Shows no stack trace',
  requirement: {
    text: 'A refusal is a 401 with a short message',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause:
    'An error that nobody catches ends in the framework’s default page, which shows the stack to whoever asks. It tells which code runs, and where.',
  fix: 'Answer without the stack, whatever the status: catch the error, and write it to the log only. Express: NODE_ENV=production, or an error handler of your own; Django: DEBUG = False; Laravel: APP_DEBUG=false; ASP.NET Core: no developer exception page.',
  catches: ['signature-leaks-stack', 'signature-leaks-traceback'],
  observe: (observed) => {
    const leaks = leaksOf(observed, 'stack');
    if (leaks === null)
      return notTested('The receiver has not answered anything. Run more checks.');
    const [first] = leaks;
    if (first === undefined) return pass();
    return fail({
      expected: ['nothing of it in any answer'],
      actual: `${leaks.length} answers show a stack; the first to ${first.by}`,
      exchanges: [first.exchange],
    });
  },
});

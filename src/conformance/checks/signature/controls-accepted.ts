/**
 * The valid events after forgeries: refusing everything is not security.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, isRefused, notTested, pass, describeReply } from '../../verdict.ts';
import type { LostControl } from '../../run/observed.ts';

/** Faults, restarts and bursts have checks of their own. */
const AREAS = /^(signature|content|http)\//;

/** "Not now": the provider would come again. */
const isLimited = ({ control: { reply } }: LostControl): boolean =>
  reply.kind === 'answer' && (reply.status === 429 || reply.status === 503);

export const check = defineCheck({
  id: 'signature/controls-accepted',
  level: 'MUST',
  title: 'Accepts a valid event after each forgery',
  requirement: {
    text: 'Any 2xx within 10 seconds is received; what somebody else sends must not keep the provider’s events out',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'A forgery leaves something behind: a lock on the sender or the URL, a broken connection, state that the next request trips over. Whoever sends forgeries can shut the provider out.',
  fix: 'Keep nothing of a request that was refused. Where failures are limited, count by sender and leave rightly signed requests alone.',
  catches: [
    'signature-locks-out',
    'signature-fails-after-forgery',
    'signature-limits-after-forgery',
  ],
  observe: ({ lostControls, controls }) => {
    if (controls === 0) return notTested('No forgery was sent. Run more checks.');
    const lost = lostControls.filter(({ after }) => AREAS.test(after));
    const last = lost.at(-1);
    if (last === undefined) return pass();
    const limited = lost.every(isLimited);
    return fail({
      symptom: 'refused',
      ...(limited ? { level: 'SHOULD' as const } : {}),
      expected: ['a 2xx for the valid event'],
      actual: `after ${last.after} a valid event got: ${describeReply(last.control.reply)}${lost.length > 1 ? ` (${lost.length} times in all)` : ''}`,
      exchanges: lost.map(({ control }) => control),
      ...(limited
        ? { diagnosis: 'A limiter counts forgeries, and then turns away what is rightly signed.' }
        : isRefused(last.control)
          ? { diagnosis: 'The receiver refuses what is right once it has seen something wrong.' }
          : {}),
    });
  },
});

/**
 * Valid events sent after forgeries: refusing everything is not security.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { fail, isRefused, notTested, pass, describeReply } from '../../verdict.ts';
import { isThrottled } from '../../net/throttle.ts';
import type { LostControl } from '../../run/observed.ts';

/** Areas whose controls count. Faults, restarts and bursts have their own checks. */
const AREAS = /^(signature|content|http)\//;

/** Unavailable: the provider would retry. */
const isUnavailable = ({ control: { reply } }: LostControl): boolean =>
  reply.kind === 'answer' && reply.status === 503;

export const check = defineCheck({
  id: 'signature/controls-accepted',
  level: 'MUST',
  title: 'Accepts a valid event after each forgery',
  requirement: {
    text: 'Any 2xx within 10 seconds acknowledges an event; third-party requests must not lock out the provider',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'A forgery has lasting effects: a lock on the sender or the URL, a broken connection, state that breaks the next request. Anyone who sends forgeries can lock out the provider.',
  fix: 'Keep no state of a rejected request.',
  catches: ['signature-locks-out', 'signature-fails-after-forgery'],
  observe: ({ lostControls, controls }) => {
    if (controls === 0) return notTested('No forgeries were sent. Run more checks.');
    // A rate limit is legal: http/burst-limited notes it.
    const lost = lostControls.filter(
      ({ after, control }) => AREAS.test(after) && !isThrottled(control),
    );
    const last = lost.at(-1);
    if (last === undefined) return pass();
    const limited = lost.every(isUnavailable);
    return fail({
      symptom: 'refused',
      ...(limited ? { level: 'SHOULD' as const } : {}),
      expected: ['a 2xx for the valid event'],
      actual: `after ${last.after}, a valid event got ${describeReply(last.control.reply)}${lost.length > 1 ? ` (${lost.length} times in total)` : ''}`,
      exchanges: lost.map(({ control }) => control),
      ...(limited
        ? {
            diagnosis:
              'The receiver is unavailable (503) for a while after it has seen an invalid request.',
          }
        : isRefused(last.control)
          ? { diagnosis: 'The receiver rejects valid events after it has seen an invalid one.' }
          : {}),
    });
  },
});

/**
 * What has been answered 2xx is never sent again: it must not have failed for good.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/**
 * What works asynchronously may try again by itself within this time: no sooner than the provider itself, whose first
 * retry comes after 30 seconds, is a fair back-off.
 */
const RECOVERS_WITHIN = { forMs: 35_000, everyMs: 100 };

export const check = defineCheck({
  id: 'delivery/fail-2xx',
  level: 'MUST',
  title: 'Does not answer 2xx to an event that it then loses',
  requirement: {
    text: 'Only a non-2xx or a time-out is retried; a 2xx says that the event was received',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'An error while processing is caught and logged, and 200 is answered all the same; or a worker gives the event up.',
  fix: 'Answer 500 when processing fails, so that the provider comes again; a worker must put the event back and try again. One that does so later than 35 seconds after the failure: shorten its back-off in the build that is tested (a variable of the environment, such as RETRY_AFTER_MS=1000).',
  catches: ['delivery-swallows-failure'],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  run: async (probe) => {
    const event = probe.event();
    const failed = await whileFailing(probe, () => probe.post(event));
    if (!isAccepted(failed)) return pass(`answers ${describeReply(failed.reply)}`);
    const count = await effectsOf(probe).settled(event.id, 1, RECOVERS_WITHIN);
    if (count > 0) return pass('answers 2xx and tries again by itself');
    return fail({
      expected: ['no 2xx', 'a 2xx, and the effect once processing works again'],
      actual: `${describeReply(failed.reply)} while processing failed, and no effect within ${RECOVERS_WITHIN.forMs / 1000} s after it worked again. If a worker would try again later, shorten its back-off for the test`,
    });
  },
});

/**
 * An accepted event is never sent again, so it must not have failed permanently.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/**
 * A receiver that works asynchronously may retry on its own within this time. The provider's own first retry comes
 * after 30 seconds, so a comparable back-off is fair.
 */
const RECOVERS_WITHIN = { forMs: 35_000, everyMs: 100 };

export const check = defineCheck({
  id: 'delivery/fail-2xx',
  level: 'MUST',
  title: 'Does not respond with 2xx to an event that it then loses',
  requirement: {
    text: 'Only a non-2xx or a timeout is retried; a 2xx acknowledges the event',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'A processing error is caught and logged and the response is still 200, or a worker gives up on the event.',
  fix: 'Respond with 500 when processing fails so that the provider retries; a worker must requeue the event and retry. If it retries later than 35 seconds after the failure, shorten its back-off in the tested build (e.g. an environment variable such as RETRY_AFTER_MS=1000).',
  catches: ['delivery-swallows-failure', 'delivery-handler-swallows-failure'],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  run: async (probe) => {
    const event = probe.event();
    const failed = await whileFailing(probe, () => probe.post(event));
    if (!isAccepted(failed)) return pass(`responds with ${describeReply(failed.reply)}`);
    const count = await effectsOf(probe).settled(event.id, 1, RECOVERS_WITHIN);
    if (count > 0) return pass('responds with 2xx and retries on its own');
    return fail({
      expected: ['no 2xx', 'a 2xx, and the effect after processing works again'],
      actual: `${describeReply(failed.reply)} while processing failed, and no effect within ${RECOVERS_WITHIN.forMs / 1000} s after it worked again. If a worker retries later, shorten its back-off for the test`,
    });
  },
});

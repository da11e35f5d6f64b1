/**
 * What has been answered 2xx is never sent again: it must not have failed for good.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { effectsOf } from '../../deliver.ts';
import { whileFailing } from '../../failing.ts';
import { fail, isAccepted, pass, tell } from '../../verdict.ts';

/** What works asynchronously may try again by itself within this time. */
const RECOVERS_WITHIN_MS = 10_000;

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
  fix: 'Answer 500 when processing fails, so that the provider comes again; a worker must put the event back and try again.',
  catches: ['delivery-swallows-failure'],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  run: async (probe) => {
    const event = probe.event();
    const failed = await whileFailing(probe, () => probe.post(event));
    if (!isAccepted(failed)) return pass(`answers ${tell(failed.reply)}`);
    const patience = { forMs: RECOVERS_WITHIN_MS };
    const count = await effectsOf(probe).settled(event.id, 1, patience);
    if (count > 0) return pass('answers 2xx and tries again by itself');
    return fail({
      expected: ['no 2xx', 'a 2xx, and the effect once processing works again'],
      actual: `${tell(failed.reply)} while processing failed, and no effect within ${RECOVERS_WITHIN_MS / 1000} s after it worked again`,
    });
  },
});

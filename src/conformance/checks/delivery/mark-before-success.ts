/**
 * A failed first attempt must not make the retry look like a duplicate.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { fail, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/mark-before-success',
  level: 'MUST',
  title: 'Processes the retry of an event whose first attempt failed',
  requirement: {
    text: 'An event that does not get a 2xx is retried after 30 seconds, 5 minutes and 30 minutes, with the same id',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'The id is marked as processed before the work is done and stays marked when the work fails (the guide’s own sample does this).',
  fix: 'Mark and process in one transaction so that both are rolled back, or remove the mark when processing fails.',
  catches: ['delivery-marks-before-success', 'delivery-handler-marks-before-success'],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  run: async (probe) => {
    const event = probe.event();
    const failed = await whileFailing(probe, () => probe.post(event));
    const retried = await deliver(probe, event);
    const count = await effectsOf(probe).settled(event.id, 1);
    if (count === 1) return pass();
    return fail({
      symptom: count === 0 ? 'lost' : 'doubled',
      expected: ['one effect'],
      actual: `${times(count)}: ${describeReply(failed.reply)} while processing failed, then ${describeReply(retried.reply)} for the retry`,
    });
  },
});

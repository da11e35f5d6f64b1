/**
 * A failed first attempt must not make the retry look like a duplicate.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { findLate, type Late } from '../../experiments/late-after-failure.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

const verdictOnLate = ({ firstMs, laterMs }: Late): Verdict =>
  laterMs === null
    ? pass(`processed ${seconds(firstMs)} later`)
    : fail({
        level: 'SHOULD',
        key: 'late:growing',
        expected: ['about the same delay after each outage'],
        actual: `the effect came ${seconds(firstMs)} after one outage and ${seconds(laterMs)} after the next`,
        diagnosis: `After each short outage accepted events wait longer for their effect, ${seconds(firstMs)} and then ${seconds(laterMs)}: the delay between two tries grows with each failure and is never set back after a success.`,
        fix: 'Set the delay of a worker back to its first value as soon as an event is processed, and limit it.',
      });

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
    const late = count === 0 && isAccepted(retried) ? await findLate(probe, event) : null;
    if (late !== null) return verdictOnLate(late);
    return fail({
      symptom: count === 0 ? 'lost' : 'doubled',
      expected: ['one effect'],
      actual: `${times(count)}: ${describeReply(failed.reply)} while processing failed, then ${describeReply(retried.reply)} for the retry`,
    });
  },
});

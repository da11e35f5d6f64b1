/**
 * An event that was processed, and its repeat, around the failure of another one.
 *
 * @module
 */
import { defineCheck, type Symptom } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { OTHER_FAILED } from '../../experiments/sequences.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { isAccepted } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/other-failed',
  level: 'MUST',
  title: 'Processes every event once when the processing of another one fails',
  requirement: {
    text: 'A non-2xx answer is retried; use the id field to deduplicate',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'The failure of one event changes what is remembered of others: a session, a cache or a transaction that they share is thrown away or kept.',
  fix: 'Store the id of each event with a unique key in the transaction of its own effect, and nothing of it anywhere else.',
  catches: [
    'delivery-failure-forgets-ids',
    'delivery-failure-skips-mark',
    'delivery-failure-marks-with-next',
  ],
  stage: 'disturbing',
  needs: ['effects', 'fault'],
  after: ['delivery/mark-before-success', 'delivery/fail-2xx'],
  run: async (probe) => {
    const failed = await whileFailing(probe, () => probe.post(probe.event()));
    // What was accepted is retried by the receiver itself, in its own time.
    const kinds: readonly Symptom[] = isAccepted(failed) ? ['doubled'] : ['doubled', 'lost'];
    return judgeHistories(probe, OTHER_FAILED, { kinds });
  },
});

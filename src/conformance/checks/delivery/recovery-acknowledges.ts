/**
 * The dead-letter queue after a recovery.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { MORE_THAN_A_PAGE, produceDeadLetters, recover } from '../../judge/dead-letters.ts';
import { waitFor } from '../../hooks/hooks.ts';
import { fail, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/recovery-acknowledges',
  level: 'MUST',
  title: 'Acknowledges every recovered dead letter',
  requirement: {
    text: 'Acknowledge each failed event after reprocessing it, so that it leaves the queue',
    source: 'guide, "Dead letter recovery": acknowledge_failed_event; its path is assumed',
  },
  cause:
    'The recovery does not acknowledge what it processed and so repeats everything the next day, or it reads only the first page.',
  fix: 'After each event: POST /v1/webhooks/{id}/failed-events/{event_id}/acknowledge; repeat until the list is empty.',
  catches: ['delivery-recovery-never-acknowledges', 'delivery-recovery-first-page-only'],
  stage: 'disturbing',
  needs: ['recovery'],
  run: async (probe) => {
    await using letters = await produceDeadLetters(probe, MORE_THAN_A_PAGE);
    await recover(probe, letters);
    const left = await waitFor(probe.wall, letters.left, ({ length }) => length === 0, {
      everyMs: 100,
    });
    if (left.length === 0) return pass(`${MORE_THAN_A_PAGE} dead letters`);
    return fail({
      expected: ['an empty dead-letter queue'],
      actual: `${left.length} of ${MORE_THAN_A_PAGE} dead letters remain after the recovery`,
    });
  },
});

/**
 * What is left in the dead-letter queue after a recovery.
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
  title: 'Acknowledges every dead letter that it has recovered',
  requirement: {
    text: 'Acknowledge each failed event once it has been reprocessed, so that it leaves the queue',
    source: 'guide, "Dead letter recovery": acknowledge_failed_event; its path is assumed',
  },
  cause:
    'The recovery processes and does not acknowledge, so that it does all of it again the next day; or it looks at the first page only.',
  fix: 'After each event: POST /v1/webhooks/{id}/failed-events/{event_id}/acknowledge; go on until the list is empty.',
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
      expected: ['no dead letter left'],
      actual: `${left.length} of ${MORE_THAN_A_PAGE} dead letters are still there after the recovery`,
    });
  },
});

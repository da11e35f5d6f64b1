/**
 * Processing of dead letters by the recovery.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { MORE_THAN_A_PAGE, produceDeadLetters, recover } from '../../judge/dead-letters.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { fail, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/recovery-processes',
  level: 'MUST',
  title: 'Processes every dead letter once during recovery',
  requirement: {
    text: 'Check for failed events daily and reprocess each of them; the list is paginated',
    source: 'guide, "Dead letter recovery"; pagination is assumed',
  },
  cause:
    'The recovery acknowledges without processing, processes twice, or reads only the first page.',
  fix: 'For every page of GET /v1/webhooks/{id}/failed-events (follow the cursor, or repeat until the list is empty): pass each event to the same function as the webhook handler, then acknowledge it.',
  catches: [
    'delivery-recovery-acknowledges-only',
    'delivery-recovery-processes-twice',
    'delivery-recovery-first-page-only',
  ],
  stage: 'disturbing',
  needs: ['recovery', 'effects'],
  run: async (probe) => {
    await using letters = await produceDeadLetters(probe, MORE_THAN_A_PAGE);
    await recover(probe, letters);
    const effects = effectsOf(probe);
    const counts = await Promise.all(letters.bodies.map(({ id }) => effects.settled(id, 1)));
    const lost = counts.filter((count) => count === 0).length;
    const doubled = counts.filter((count) => count > 1).length;
    if (lost === 0 && doubled === 0) return pass(`${counts.length} dead letters`);
    return fail({
      expected: ['one effect per event'],
      actual: `of ${counts.length} dead letters, ${lost} had no effect and ${doubled} had several after the recovery`,
    });
  },
});

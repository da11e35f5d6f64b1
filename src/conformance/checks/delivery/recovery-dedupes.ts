/**
 * Dead letters that were processed after all, because the response was late or got lost.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { produceDeadLetters, recover } from '../../judge/dead-letters.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

const LETTERS = 3;

export const check = defineCheck({
  id: 'delivery/recovery-dedupes',
  level: 'MUST',
  title: 'Does not reprocess dead letters that were already processed on delivery',
  requirement: {
    text: 'An event that took longer than 10 seconds to process counts as failed although it took effect; use the id field to deduplicate',
    source: 'guide, "Dead letter recovery" and "Error handling best practices: Idempotency"',
  },
  cause: 'The recovery bypasses the code that looks up the id.',
  fix: 'Put the lookup into the function that both the webhook handler and the recovery call.',
  catches: ['delivery-recovery-past-dedupe'],
  stage: 'disturbing',
  needs: ['recovery', 'effects'],
  after: ['delivery/dup-seq', 'delivery/dup-accepted', 'delivery/recovery-processes'],
  run: async (probe) => {
    const effects = effectsOf(probe);
    await using letters = await produceDeadLetters(probe, LETTERS);
    for (const { id, body } of letters.bodies) {
      if (!isAccepted(await deliver(probe, body))) {
        return notTested('The events were not accepted on delivery.');
      }
      await effects.settled(id, 1);
    }
    await recover(probe, letters);
    const counts = await Promise.all(letters.bodies.map(({ id }) => effects.settled(id, 1)));
    const wrong = counts.filter((count) => count !== 1);
    if (wrong.length === 0) return pass();
    return fail({
      expected: ['one effect per event'],
      actual: `${wrong.length} of ${LETTERS} dead letters that were already processed: ${wrong.map(times).join(', ')}`,
    });
  },
});

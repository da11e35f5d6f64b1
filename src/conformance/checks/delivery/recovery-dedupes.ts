/**
 * Dead letters that were processed after all: the answer came too late, or got lost.
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
  title: 'Recovers no event a second time that it had processed when it came',
  requirement: {
    text: 'An event whose processing took longer than 10 seconds counts as failed though it had its effect; use the id field to deduplicate',
    source: 'guide, "Dead letter recovery" and "Error handling best practices: Idempotency"',
  },
  cause: 'The recovery calls the processing past the place where the webhook looks the id up.',
  fix: 'Put the look-up into the function that both the webhook and the recovery call.',
  catches: ['delivery-recovery-past-dedupe'],
  stage: 'disturbing',
  needs: ['recovery', 'effects'],
  after: ['delivery/dup-seq', 'delivery/dup-accepted', 'delivery/recovery-processes'],
  run: async (probe) => {
    const effects = effectsOf(probe);
    await using letters = await produceDeadLetters(probe, LETTERS);
    for (const { id, body } of letters.bodies) {
      if (!isAccepted(await deliver(probe, body))) {
        return notTested('The events were not accepted when they came.');
      }
      await effects.settled(id, 1);
    }
    await recover(probe, letters);
    const counts = await Promise.all(letters.bodies.map(({ id }) => effects.settled(id, 1)));
    const wrong = counts.filter((count) => count !== 1);
    if (wrong.length === 0) return pass();
    return fail({
      expected: ['one effect of each'],
      actual: `${wrong.length} of ${LETTERS} dead letters that had been processed before: ${wrong.map(times).join(', ')}`,
    });
  },
});

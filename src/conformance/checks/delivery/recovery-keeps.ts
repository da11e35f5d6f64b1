/**
 * A failed recovery must leave the dead letters in the queue for the next one.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { produceDeadLetters, recover } from '../../judge/dead-letters.ts';
import { effectsOf } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { waitFor } from '../../hooks/hooks.ts';
import { fail, pass } from '../../verdict.ts';

const LETTERS = 3;

export const check = defineCheck({
  id: 'delivery/recovery-keeps',
  level: 'MUST',
  title: 'Loses no dead letter when recovery fails',
  requirement: {
    text: 'Process the event, then acknowledge it: an acknowledged event is gone from the queue',
    source: 'guide, "Dead letter recovery"',
  },
  cause:
    'The recovery acknowledges before processing, or regardless of whether processing succeeded.',
  fix: 'Acknowledge after processing, and only on success; leave the others for the next run.',
  catches: ['delivery-recovery-acknowledges-first'],
  stage: 'disturbing',
  needs: ['recovery', 'fault', 'effects'],
  after: ['delivery/recovery-processes', 'delivery/recovery-acknowledges'],
  run: async (probe) => {
    await using letters = await produceDeadLetters(probe, LETTERS);
    let failure = 'but reported success';
    await whileFailing(probe, async () => {
      try {
        await recover(probe, letters);
      } catch {
        failure = 'and reported it';
      }
    });
    const kept = await letters.left();
    // Some receivers retry by themselves, others in the next recovery, which must succeed.
    await recover(probe, letters);
    const effects = effectsOf(probe);
    const counts = await Promise.all(letters.bodies.map(({ id }) => effects.settled(id, 1)));
    const lost = counts.filter((count) => count === 0).length;
    const doubled = counts.filter((count) => count > 1).length;
    const left = await waitFor(probe.wall, letters.left, ({ length }) => length === 0);
    if (lost === 0 && doubled === 0 && left.length === 0) return pass();
    return fail({
      ...(doubled + lost > 0
        ? { symptom: doubled > 0 ? ('doubled' as const) : ('lost' as const) }
        : {}),
      expected: ['one effect per event and an empty queue after the second recovery'],
      actual: `the first recovery failed ${failure} and left ${kept.length} of ${LETTERS} dead letters; after the second, ${lost} had no effect, ${doubled} had several, and ${left.length} remained`,
    });
  },
});

/**
 * A forgery must not make the receiver treat the real event as a duplicate.
 *
 * @module
 */
import { SIGNATURE } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { deliver, deliverNamed, effectsOf, judgeOnce, settleBehind } from '../../judge/deliver.ts';
import { notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/id-poisoning',
  level: 'MUST',
  title: 'Does not record ids from forgeries',
  requirement: {
    text: 'Verify the signature before processing the payload; deduplicate by id',
    source:
      'guide, "Step 2: Verify the signature" and "Error handling best practices: Idempotency"',
  },
  cause:
    'The id is marked as seen before the signature is checked, so anyone who guesses an id can suppress a real event.',
  fix: 'Check the signature before reading anything from the body.',
  catches: ['delivery-marks-before-verify'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const forgeries = [
      ['a wrong signature', `${SIGNATURE.prefix}${'0'.repeat(64)}`],
      ['no signature', null],
    ] as const;
    // As old as the others, and not forged: what else keeps an event from having its effect is not poisoning.
    const control = probe.event();
    const forged = [];
    for (const [forgery, signature] of forgeries) {
      const event = probe.event();
      const exchange = await probe.post(event, { signature });
      forged.push({ forgery, event, exchange });
    }
    // An effect of the forgery must not pass for that of the real event.
    await settleBehind(probe);
    const counts = await Promise.all(forged.map(({ event }) => effectsOf(probe).count(event.id)));
    if (counts.some((count) => count > 0)) {
      return notTested('A forged request takes effect already: see signature/forged-effects.');
    }
    const delivered = [];
    for (const { forgery, event } of forged) {
      const exchange = await deliver(probe, event);
      delivered.push({
        name: `the real event, after a forgery with its id and ${forgery}`,
        event,
        exchange,
      });
    }
    const verdict = await judgeOnce(probe, delivered);
    if (verdict === null) return pass();
    const unforged = await deliverNamed(
      probe,
      'an event of the same age, without a forgery',
      control,
    );
    return (await judgeOnce(probe, [unforged])) === null
      ? verdict
      : notTested('An event of the same age without a forgery has no effect either.');
  },
});

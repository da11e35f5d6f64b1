/**
 * The other side of the key: one id in other bytes is one event.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/dedupe-same-id',
  level: 'MUST',
  title: 'Recognises an event by its id, in whatever bytes it comes',
  requirement: {
    text: 'Use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause: 'Repeats are recognised by a hash of the body, or by the signature.',
  fix: 'Use the envelope’s `id`, and nothing else, as the key.',
  catches: ['delivery-dedupes-by-body'],
  stage: 'effects',
  needs: ['effects'],
  after: ['delivery/dup-seq'],
  run: async (probe) => {
    const event = probe.event();
    const first = await deliver(probe, event);
    const second = await deliver(probe, JSON.stringify(event, null, 1));
    if (!isAccepted(first) || !isAccepted(second)) {
      return notTested(
        `Both must be accepted to be compared; they were answered ${describeReply(first.reply)} and ${describeReply(second.reply)}.`,
      );
    }
    await settleBehind(probe);
    const count = await effectsOf(probe).settled(event.id, 1);
    if (count === 1) return pass();
    return fail({
      symptom: count === 0 ? 'lost' : 'doubled',
      expected: ['one effect'],
      actual: `${times(count)} of one id, sent compact and then indented`,
    });
  },
});

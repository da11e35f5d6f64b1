/**
 * The deduplication key: the same id in different bytes is the same event.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/dedupe-same-id',
  level: 'MUST',
  title: 'Recognizes an event by its id, whatever its serialization',
  requirement: {
    text: 'Use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause: 'Duplicates are recognized by a hash of the body or by the signature.',
  fix: 'Use only the envelope’s `id` as the deduplication key.',
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
        `Both events must be accepted. Response to the first: ${describeReply(first.reply)}; to the second: ${describeReply(second.reply)}.`,
      );
    }
    await settleBehind(probe);
    const count = await effectsOf(probe).settled(event.id, 1);
    if (count === 1) return pass();
    return fail({
      symptom: count === 0 ? 'lost' : 'doubled',
      expected: ['one effect'],
      actual: `${times(count)} of one event, sent compact and then indented`,
    });
  },
});

/**
 * The same event three times in sequence.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import {
  deliverNamed,
  effectsOf,
  judgeDelivered,
  settleBehind,
  times,
} from '../../judge/deliver.ts';
import { fail, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/dup-seq',
  level: 'MUST',
  title: 'Processes an event once, however often it is delivered',
  requirement: {
    text: 'Webhooks can be delivered more than once; use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause: 'The receiver does not remember which events it has processed.',
  fix: 'Store the id with a unique key in the transaction that stores the effect (`INSERT … ON CONFLICT DO NOTHING`; if no row was inserted, respond with 200 and stop). Rails: unique index and `rescue ActiveRecord::RecordNotUnique`; Laravel: `insertOrIgnore`; Django: `get_or_create`.',
  catches: ['delivery-no-dedupe'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const event = probe.event();
    const delivered = [
      await deliverNamed(probe, 'first', event),
      await deliverNamed(probe, 'second', event),
      await deliverNamed(probe, 'third', event),
    ];
    const [first] = delivered;
    const refused = judgeDelivered([first!]);
    if (refused !== null) return refused;
    await settleBehind(probe);
    const count = await effectsOf(probe).settled(event.id, 1);
    if (count === 1) return pass();
    return fail({
      symptom: count === 0 ? 'lost' : 'doubled',
      expected: ['one effect'],
      actual: `${times(count)} of one event, sent three times`,
    });
  },
});

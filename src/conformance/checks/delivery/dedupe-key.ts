/**
 * What events are told apart by: two that differ in nothing but their id are two.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeOnce } from '../../judge/deliver.ts';
import { pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/dedupe-key',
  level: 'MUST',
  title: 'Processes both of two events that differ only in their id',
  requirement: {
    text: 'Use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause:
    'Repeats are recognised by the address, the timestamp or a hash of the data, so a second event looks like a repeat and is lost.',
  fix: 'Use the envelope’s `id`, and nothing else, as the key.',
  catches: ['delivery-dedupes-by-lead-and-time', 'delivery-dedupes-by-data'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const one = probe.event();
    const other = { ...one, id: probe.events.freshId() };
    const delivered = [
      await deliverNamed(probe, 'the first', one),
      await deliverNamed(probe, 'the second, with another id', other),
    ];
    return (await judgeOnce(probe, delivered)) ?? pass();
  },
});

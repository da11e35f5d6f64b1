/**
 * The deduplication key: two events that differ only in their id are two events.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliverNamed, judgeOnce } from '../../judge/deliver.ts';
import { pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/dedupe-key',
  level: 'MUST',
  title: 'Processes two events that differ only in their id',
  requirement: {
    text: 'Use the id field to deduplicate',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause:
    'Duplicates are recognized by address, timestamp or a hash of the data, so a second event looks like a duplicate and is lost.',
  fix: 'Use only the envelope’s `id` as the deduplication key.',
  catches: ['delivery-dedupes-by-lead-and-time', 'delivery-dedupes-by-data'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const one = probe.event();
    const other = { ...one, id: probe.events.freshId() };
    const delivered = [
      await deliverNamed(probe, 'the first event', one),
      await deliverNamed(probe, 'the second event, with another id', other),
    ];
    return (await judgeOnce(probe, delivered)) ?? pass();
  },
});

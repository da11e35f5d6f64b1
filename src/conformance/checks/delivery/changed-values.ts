/**
 * Events of a lead in which one value differs from an earlier one.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeChangedValues } from '../../experiments/changed-values.ts';
import { notTested } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/changed-values',
  level: 'MUST',
  title: 'Processes an event of a known lead whatever has changed since an earlier one',
  requirement: {
    text: 'Each event says what was so when it happened: the step, the text, the sentiment and the counts differ from event to event of a lead',
    source: 'guide, "Payload examples"',
  },
  cause:
    'What was stored with the first event of a lead counts as fixed, by a unique key or a comparison.',
  fix: 'Read each value from each event, and update what is stored: only the `id` of the envelope and what identifies the lead are fixed.',
  catches: ['delivery-fixed-name', 'delivery-steps-ascend', 'delivery-one-address-per-lead-id'],
  stage: 'effects',
  needs: ['effects'],
  after: ['delivery/dedupe-key', 'delivery/type-pairs'],
  run: async (probe) =>
    probe.leadEmail === null ? judgeChangedValues(probe) : notTested({ needs: 'known_leads' }),
});

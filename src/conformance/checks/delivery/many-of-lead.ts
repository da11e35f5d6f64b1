/**
 * Many events of one lead.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { EVENTS_OF_LEAD, judgeManyOfLead } from '../../experiments/many-of-lead.ts';
import { pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/many-of-lead',
  level: 'MUST',
  title: `Processes ${EVENTS_OF_LEAD} events of one lead`,
  requirement: {
    text: 'Each e-mail of a campaign may be opened and clicked any number of times, so nothing limits the number of events of a lead',
    source: 'guide, "Payload examples: email.opened" (open_count)',
  },
  cause: 'What is kept of a lead has a limited size, and nothing is removed from it.',
  fix: 'Keep the events of a lead in rows of their own; where their number is limited, drop the oldest one.',
  catches: ['delivery-full-lead'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => (await judgeManyOfLead(probe)) ?? pass(`${EVENTS_OF_LEAD} events`),
});

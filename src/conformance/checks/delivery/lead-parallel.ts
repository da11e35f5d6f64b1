/**
 * Several events of one lead at the same moment.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { ONE_LEAD } from '../../experiments/sequences.ts';

export const check = defineCheck({
  id: 'delivery/lead-parallel',
  level: 'MUST',
  title: 'Loses no update when several events of one lead arrive at the same moment',
  requirement: {
    text: 'A 2xx says that the event was received: it is not sent again, so neither of two simultaneous updates may be lost',
    source:
      'guide, "Step 3: Handle retries"; sent today: a reply and an open of one lead at the same moment',
  },
  cause:
    'The lead is read, changed in memory and written back as a whole: the later write undoes the earlier one.',
  fix: 'Change only the columns that the event is about, in one statement, or lock the lead’s row while it is read and written.',
  catches: ['delivery-lost-update', 'delivery-lead-busy-dropped'],
  stage: 'load',
  after: ['delivery/aftermath', 'delivery/parallel-events'],
  run: (probe) => judgeHistories(probe, ONE_LEAD, { kinds: ['refused', 'lost', 'state'] }),
});

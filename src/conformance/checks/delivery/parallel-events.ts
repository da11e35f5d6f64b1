/**
 * Different events at the same moment, beside forgeries too.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { PARALLEL } from '../../experiments/sequences.ts';

export const check = defineCheck({
  id: 'delivery/parallel-events',
  level: 'MUST',
  title: 'Accepts and processes different events that arrive at the same moment',
  requirement: {
    text: 'A 2xx says that the event was received: it is not sent again',
    source:
      'guide, "Step 3: Handle retries"; sent today: events of several leads at the same moment',
  },
  cause:
    'Requests that run at the same time share a variable, a buffer, a hash object or a connection.',
  fix: 'Keep what belongs to one request in local variables of its handler.',
  catches: ['delivery-shared-body', 'delivery-shared-event'],
  stage: 'sequences',
  after: ['delivery/aftermath'],
  run: (probe) =>
    judgeHistories(probe, PARALLEL, { kinds: ['forged', 'refused', 'lost', 'state'] }),
});

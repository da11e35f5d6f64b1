/**
 * Replies at every time of the day.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeTimeOrder } from '../../experiments/time-order.ts';

export const check = defineCheck({
  id: 'domain/time-order',
  level: 'MUST',
  title: 'Keeps the newer reply at every time of the day',
  requirement: {
    text: 'The timestamp says when a reply was written; a retried event arrives up to 35 minutes after later ones',
    source: 'guide, "Step 3: Handle retries" and "Payload examples"',
  },
  cause: 'Times are read with a 12-hour clock, or compared as texts.',
  fix: 'Read the timestamp as RFC 3339 in UTC and compare moments.',
  catches: ['domain-twelve-hour-clock', 'domain-time-in-32-bits', 'domain-time-in-minutes'],
  stage: 'effects',
  needs: ['state'],
  after: [
    'domain/open-monotonic',
    'domain/bounce-class',
    'domain/unsub-wins',
    'delivery/stale-overwrite',
  ],
  run: (probe) => judgeTimeOrder(probe, 'MUST'),
});

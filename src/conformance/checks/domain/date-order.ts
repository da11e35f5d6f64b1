/**
 * Replies around the ends of months, years and summer time.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeTimeOrder } from '../../experiments/time-order.ts';

export const check = defineCheck({
  id: 'domain/date-order',
  level: 'SHOULD',
  title: 'Keeps the newer reply across the ends of months, years and summer time',
  requirement: {
    text: 'The timestamp says when a reply was written, in UTC',
    source: 'spec/asyncapi.yaml, Timestamp: RFC 3339 in UTC',
  },
  cause: 'Dates are compared as local times or as texts.',
  fix: 'Read the timestamp as RFC 3339 in UTC and compare moments.',
  catches: ['domain-local-time', 'domain-skipped-hour'],
  stage: 'effects',
  needs: ['state'],
  after: [
    'domain/open-monotonic',
    'domain/bounce-class',
    'domain/unsub-wins',
    'delivery/stale-overwrite',
  ],
  run: (probe) => judgeTimeOrder(probe, 'SHOULD'),
});

/**
 * Effects of earlier events after a restart, without a repeat.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { AFTER_RESTART } from '../../experiments/sequences.ts';

export const check = defineCheck({
  id: 'delivery/restart-effects',
  level: 'MUST',
  title: 'Processes nothing again after a restart',
  requirement: {
    text: 'Servers restart; each event must have its effect once',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause:
    'At start, the inbox or queue is taken up from its beginning, with what was processed before.',
  fix: 'At start, take up only events that are not yet marked as processed, and mark an event in the transaction that stores its effect.',
  catches: ['delivery-inbox-replayed-at-start'],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  run: (probe) => judgeHistories(probe, AFTER_RESTART, { kinds: ['doubled'] }),
});

/**
 * New events beside a repeat of an earlier one.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { BESIDE_REPEAT } from '../../experiments/sequences.ts';

export const check = defineCheck({
  id: 'delivery/beside-repeat',
  level: 'MUST',
  title: 'Processes events that arrive beside a repeat of another one',
  requirement: {
    text: 'Webhooks can be delivered more than once; a repeat must not undo other events',
    source: 'guide, "Error handling best practices: Idempotency"',
  },
  cause: 'Events are processed in batches, and a duplicate in a batch rolls back all of it.',
  fix: 'Insert ids with `ON CONFLICT DO NOTHING`, and commit each event on its own.',
  catches: ['delivery-neighbours-rolled-back'],
  stage: 'sequences',
  needs: ['effects'],
  after: ['delivery/aftermath', 'delivery/parallel-events'],
  run: (probe) => judgeHistories(probe, BESIDE_REPEAT, { kinds: ['refused', 'lost', 'state'] }),
});

/**
 * New events beside a repeat of an earlier one.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeHistories } from '../../experiments/judge-histories.ts';
import { BESIDE_REPEAT, REPEATED_BESIDE_REPEAT } from '../../experiments/sequences.ts';
import { deliver, effectsOf, settleBehind } from '../../judge/deliver.ts';
import type { Probe } from '../../probe/probe.ts';

/** The control: an event that arrives alone is remembered. */
const remembersAlone = async (probe: Probe): Promise<boolean> => {
  const event = probe.event();
  await deliver(probe, event);
  await deliver(probe, event);
  await settleBehind(probe);
  return (await effectsOf(probe).settled(event.id, 1)) === 1;
};

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
  catches: ['delivery-neighbours-rolled-back', 'delivery-neighbours-forgotten'],
  stage: 'sequences',
  needs: ['effects'],
  after: ['delivery/aftermath', 'delivery/parallel-events', 'delivery/other-connection'],
  run: async (probe) => {
    const first = await judgeHistories(probe, BESIDE_REPEAT, {
      kinds: ['refused', 'lost', 'state'],
    });
    if (first.status !== 'pass' || !(await remembersAlone(probe))) return first;
    return judgeHistories(probe, REPEATED_BESIDE_REPEAT, { kinds: ['doubled'] });
  },
});

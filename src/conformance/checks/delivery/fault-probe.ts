/**
 * The fault hook itself: it must make a difference, and take it back.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { whileFailing } from '../../judge/failing-hook.ts';
import { fail, isAccepted, pass, describeReply } from '../../verdict.ts';

/** What works asynchronously has so long to take effect in spite of the fault. Milliseconds. */
const LOOK_FOR_MS = 300;

export const check = defineCheck({
  id: 'delivery/fault-probe',
  level: 'SHOULD',
  title: 'The fault hook makes processing fail, and work again',
  requirement: {
    text: 'What cannot be processed is not to be lost; to see that, the suite must be able to make processing fail',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'The hook switches nothing that events pass through, or does not switch it back.',
  fix: 'Let the hook make what events are handed to (the CRM’s client, the database call) throw while "fail" is true, and only then.',
  catches: ['delivery-fault-hook-idle'],
  stage: 'disturbing',
  needs: ['fault', 'effects'],
  vouches: 'fault',
  run: async (probe) => {
    const effects = effectsOf(probe);
    const event = probe.event();
    const [during, count] = await whileFailing(probe, async () => {
      const exchange = await probe.post(event);
      return [exchange, await effects.settled(event.id, 1, { forMs: LOOK_FOR_MS })] as const;
    });
    if (isAccepted(during) && count > 0) {
      return fail({
        expected: ['no 2xx, or a 2xx without effect for now'],
        actual: `${describeReply(during.reply)} and ${times(count)}, while everything is to fail`,
        exchanges: [during],
      });
    }
    const next = probe.event();
    const after = await deliver(probe, next);
    const works = isAccepted(after) && (await effects.settled(next.id, 1)) === 1;
    if (works) return pass();
    return fail({
      expected: ['a 2xx and one effect'],
      actual: `${describeReply(after.reply)} once nothing is to fail any more, and no effect`,
    });
  },
});

/**
 * A captured request, replayed days later: no delivery time is signed, so only remembered ids reveal it.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { fail, isAccepted, notTested, pass, describeResponseTo } from '../../verdict.ts';

const DAYS_MS = 3 * 86_400_000;

export const check = defineCheck({
  id: 'delivery/replay',
  level: 'INFO',
  title: 'Remembers ids long enough to reject replays',
  requirement: {
    text: 'The signature covers only the body and no delivery time, so a captured request stays valid: remembering ids is the only defense',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'Ids are forgotten after a few days.',
  fix: 'Keep ids as long as the effects they stand for: a row with a unique key is cheap.',
  catches: ['delivery-forgets-old-ids'],
  stage: 'effects',
  needs: ['effects'],
  after: ['delivery/dup-seq', 'delivery/old-events'],
  run: async (probe) => {
    const timestamp = toProviderTime(probe.wall.now() - DAYS_MS);
    const event = probe.event(undefined, {}, { timestamp });
    const first = await deliver(probe, event);
    if (!isAccepted(first)) {
      return notTested(`${describeResponseTo('a three-day-old event', first.reply)}.`);
    }
    await effectsOf(probe).settled(event.id, 1);
    await deliver(probe, event);
    await settleBehind(probe);
    const count = await effectsOf(probe).settled(event.id, 1);
    if (count <= 1) return pass();
    return fail({
      expected: ['one effect'],
      actual: `${times(count)} of a three-day-old event, sent twice`,
    });
  },
});

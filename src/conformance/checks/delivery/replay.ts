/**
 * A captured request, sent again a day later: no timestamp is signed, so only memory tells.
 *
 * @module
 */
import { toProviderTime } from '../../../domain/time.ts';
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

const DAYS_MS = 3 * 86_400_000;

export const check = defineCheck({
  id: 'delivery/replay',
  level: 'INFO',
  title: 'Remembers ids for longer than a captured request stays useful',
  requirement: {
    text: 'The signature covers the body alone and no time of delivery, so a captured request stays valid: remembering ids is the only defence',
    source: 'guide, "Step 2: Verify the signature"',
  },
  cause: 'Ids are forgotten once the event is some days old.',
  fix: 'Keep ids for as long as the effects that they stand for: a row with a unique key costs little.',
  catches: ['delivery-forgets-old-ids'],
  stage: 'effects',
  needs: ['effects'],
  after: ['delivery/dup-seq', 'delivery/old-events'],
  run: async (probe) => {
    const timestamp = toProviderTime(probe.wall.now() - DAYS_MS);
    const event = probe.event(undefined, {}, { timestamp });
    const first = await deliver(probe, event);
    if (!isAccepted(first)) {
      return notTested(
        `An event that is three days old was answered ${describeReply(first.reply)}.`,
      );
    }
    await effectsOf(probe).settled(event.id, 1);
    await deliver(probe, event);
    await settleBehind(probe);
    const count = await effectsOf(probe).settled(event.id, 1);
    if (count <= 1) return pass();
    return fail({
      expected: ['one effect'],
      actual: `${times(count)} of an event that is three days old, sent twice`,
    });
  },
});

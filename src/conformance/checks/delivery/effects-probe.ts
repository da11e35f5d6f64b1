/**
 * The effects hook itself: one event must move the count from 0 to 1, or no count says anything.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { sendFirst } from '../../judge/first-events.ts';
import { interestsOf } from '../../judge/interests.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/effects-probe',
  level: 'MUST',
  title: 'One event takes effect once, as the effects hook counts it',
  requirement: {
    text: 'An event that is answered 2xx is not sent again: it must have its effect, and one',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'Either the hook looks elsewhere (another database, another id, a cached figure), or the receiver answers 2xx and does nothing, or everything twice.',
  fix: 'Post a signed email.replied by hand and ask the effects URL with its id: the count must go from 0 to 1. Count where the effect is stored, in the same transaction.',
  catches: ['delivery-effects-lost', 'delivery-effects-doubled'],
  stage: 'valid',
  needs: ['effects'],
  vouches: 'effects',
  run: async (probe) => {
    const effects = effectsOf(probe);
    const event = probe.event();
    const before = await effects.count(event.id);
    if (before !== 0) {
      return notTested(
        `The effects hook counts ${times(before)} of ${event.id} before it was ever sent. With a --seed that was used before, a receiver with a durable store knows its ids already: leave --seed out, or empty the store. Otherwise the hook does not look the id up.`,
      );
    }
    const exchange = await deliver(probe, event);
    if (!isAccepted(exchange)) {
      return notTested(
        `The event was answered ${describeReply(exchange.reply)}. Run it when that is mended.`,
      );
    }
    const after = await effects.settled(event.id, 1);
    const { types } = await interestsOf(probe);
    if (after === 1 || (after === 0 && types.size > 0)) {
      await sendFirst(probe);
      const others = EVENT_TYPES.filter((type) => !types.has(type));
      return pass(others.length === 0 ? undefined : `no effect of ${others.join(', ')}`);
    }
    return fail({
      expected: ['one effect'],
      actual: `${describeReply(exchange.reply)}, then ${times(after)} of ${event.id}`,
      // Two may be one that is counted twice; none is a loss wherever the hook looks rightly.
      ...(after === 0 ? {} : { level: 'SHOULD' }),
    });
  },
});

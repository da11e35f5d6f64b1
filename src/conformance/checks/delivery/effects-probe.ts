/**
 * Validates the effects hook: one event must move its count from 0 to 1, or its counts mean nothing.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../../schemas/contract.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import { explainDoubledTypes } from '../../experiments/doubled-types.ts';
import { explainByIdOrder } from '../../experiments/id-order.ts';
import { explainByIdPart } from '../../experiments/id-part.ts';
import { rememberCause } from '../../experiments/known-causes.ts';
import { deliver, effectsOf, times } from '../../judge/deliver.ts';
import { sendFirst } from '../../judge/first-events.ts';
import { interestsOf } from '../../judge/interests.ts';
import type { Reason } from '../../needs.ts';
import { DEFAULT_TYPE, type Probe } from '../../probe/probe.ts';
import {
  fail,
  isAccepted,
  notTested,
  pass,
  describeReply,
  describeResponseTo,
} from '../../verdict.ts';

/** Then the other types are tried, and get more time. */
const FIRST_WAIT_MS = 2000;

/** Unknown leads, other event types and a wrong hook look alike, so this says nothing about the receiver. */
const withoutEffect = (types: readonly string[]): Reason => ({
  needs: 'known_lead',
  remark: `No event had an effect (${types.join(', ')}), although each was accepted with 2xx.`,
});

/** The only type without a lead: unknown leads do not matter to it. */
const WITHOUT_LEAD: EventType = 'campaign.completed';

const ONLY_WITHOUT_LEAD: Reason = {
  needs: 'known_lead',
  remark: `Of all types only ${WITHOUT_LEAD}, which names no lead, had an effect, although each was accepted with 2xx.`,
};

/** Types that have no effect may have none because of their ids. */
const lostById = async (probe: Probe, type: EventType): Promise<Verdict | null> => {
  const cause = (await explainByIdOrder(probe, type)) ?? (await explainByIdPart(probe, type));
  if (cause === null) return null;
  rememberCause(probe, 'lost', cause);
  return fail({
    symptom: 'lost',
    key: cause.key,
    expected: ['one effect of each event, whatever its id'],
    actual: 'events that were accepted with 2xx have no effect',
    diagnosis: cause.sentence,
    fix: cause.fix,
  });
};

const failDoubled = async (probe: Probe, actual: string): Promise<Verdict> => {
  const found = await explainDoubledTypes(probe);
  // It may be one effect that is counted twice.
  if (found === null) return fail({ expected: ['one effect'], actual, level: 'SHOULD' });
  const { cause, exchanges } = found;
  return fail({
    symptom: 'doubled',
    key: cause.key,
    expected: ['one effect of each event, whatever its type'],
    actual,
    diagnosis: cause.sentence,
    fix: cause.fix,
    exchanges,
  });
};

export const check = defineCheck({
  id: 'delivery/effects-probe',
  level: 'MUST',
  title: 'The effects hook counts one effect for one event',
  requirement: {
    text: 'An accepted event is not sent again: it must take effect exactly once',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause:
    'The hook reads the wrong place (another database, another id, a cached count), or the receiver processes everything twice.',
  fix: 'Post a signed email.replied by hand and query the effects URL with its id: the count must go from 0 to 1. Count where the effect is stored, in the same transaction.',
  catches: [
    'delivery-effects-doubled',
    'delivery-remembers-highest-id',
    'delivery-lease-too-short',
  ],
  stage: 'valid',
  needs: ['effects'],
  validates: 'effects',
  run: async (probe) => {
    const effects = effectsOf(probe);
    if (probe.effectTypes !== null) await interestsOf(probe);
    const event = probe.event();
    const before = await effects.count(event.id);
    if (before !== 0) {
      return notTested(
        `The effects hook counts ${times(before)} for ${event.id} before it was sent. If the seed was used before, a receiver with a durable store already knows its ids: use another seed or fresh ids, or empty the store. Otherwise the hook ignores the id.`,
      );
    }
    const exchange = await deliver(probe, event);
    if (!isAccepted(exchange)) {
      return notTested(`${describeResponseTo('the event', exchange.reply)}. Fix that first.`);
    }
    const after = await effects.settled(event.id, 1, { forMs: FIRST_WAIT_MS });
    if (after > 1) {
      const actual = `${describeReply(exchange.reply)}, then ${times(after)} for ${event.id}`;
      return failDoubled(probe, actual);
    }
    if (after === 0 && probe.effectTypes !== null) return notTested(withoutEffect([event.event]));
    const { types } = await interestsOf(probe);
    if (types.size < EVENT_TYPES.length) {
      const type = EVENT_TYPES.find((one) => types.has(one)) ?? DEFAULT_TYPE;
      const lost = await lostById(probe, type);
      if (lost !== null) return lost;
    }
    if (types.size === 0) return notTested(withoutEffect(EVENT_TYPES));
    if (types.size === 1 && types.has(WITHOUT_LEAD)) return notTested(ONLY_WITHOUT_LEAD);
    await sendFirst(probe);
    const others = EVENT_TYPES.filter((type) => !types.has(type));
    return pass(
      others.length === 0 ? undefined : `${others.join(', ')}: no effect, so not judged by effects`,
    );
  },
});

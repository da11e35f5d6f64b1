/**
 * Types of events that have no effect: for their type, or for what their data lacks.
 *
 * @module
 */
import { EVENT_TYPES } from '../../../../schemas/contract.ts';
import { defineCheck } from '../../check.ts';
import { findLacking } from '../../experiments/lacking-members.ts';
import { learnedInterests } from '../../judge/interests.ts';
import { fail, notTested, pass } from '../../verdict.ts';

export const check = defineCheck({
  id: 'delivery/ignored-types',
  level: 'SHOULD',
  title: 'Loses no type of event because its data lacks what other types have',
  requirement: {
    text: 'Each type has data of its own: campaign.completed names no lead. A 2xx says that the event was received: it is not sent again',
    source: 'guide, "Supported events" and "Step 3: Handle retries"',
  },
  cause:
    'A column that is required, or an early return, takes an event without a lead for a repeat or for nothing.',
  fix: 'Decide by `event` whether an event is processed, and store each with what it has.',
  catches: ['delivery-ignores-missing-lead'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    const { types } = await learnedInterests(probe);
    const ignored = EVENT_TYPES.filter((type) => !types.has(type));
    if (ignored.length === 0) return pass('each type has an effect');
    if (probe.effectTypes !== null || probe.leadEmail !== null) {
      return notTested('Which types have an effect is given, or depends on known leads.');
    }
    const found = await findLacking(probe, ignored);
    if (found === null) return pass(`no effect whatever they have: ${ignored.join(', ')}`);
    const { cause, exchanges } = found;
    return fail({
      key: cause.key,
      expected: ['an effect, or none for the type whatever members it has'],
      actual: 'accepted with 2xx, and no effect but with members that such an event never has',
      diagnosis: cause.sentence,
      fix: cause.fix,
      exchanges,
    });
  },
});

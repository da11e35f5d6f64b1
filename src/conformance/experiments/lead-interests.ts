/**
 * Interests of a receiver in the state of leads: a receiver that keeps no suppressions, for example, is not judged by them,
 * and a receiver that keeps them of known leads only has that as its finding.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Verdict } from '../check.ts';
import { learnedInterests, primaryTypeOf, type StateMember } from '../judge/interests.ts';
import type { Data } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, notTested } from '../verdict.ts';
import { describeWrong, tellStory, type Told } from './lead-story.ts';

/** A plain event of each type, and what follows from it. */
const PLAIN = {
  'email.opened': { data: { open_count: 2 }, state: { open_count: 2 } },
  'email.replied': { data: { reply_sentiment: 'positive' }, state: { sentiment: 'positive' } },
  'email.unsubscribed': {
    data: { suppressed_globally: true },
    state: { unsubscribed: true, suppressed: true },
  },
  'email.bounced': { data: { bounce_type: 'hard' }, state: { suppressed: true } },
} as const satisfies Partial<
  Record<EventType, { data: Data; state: Partial<Record<StateMember, unknown>> }>
>;

type StatefulType = keyof typeof PLAIN;

const PATIENCE_MS = 1000;

/** A plain event of this type, as the first one of its lead or behind others. */
const tellPlain = (
  probe: Probe,
  type: StatefulType,
  member: StateMember,
  before: readonly EventType[],
): Promise<Told> => {
  const { data, state } = PLAIN[type];
  const value = (state as Partial<Record<StateMember, unknown>>)[member];
  const steps = [...before.map((earlier) => ({ type: earlier })), { type, data }];
  return tellStory(probe, { steps, expected: { [member]: value } }, undefined, PATIENCE_MS);
};

const follows = ({ wrong, isUnclear }: Told): boolean => wrong.length === 0 && !isUnclear;

/** Who gets this advice updates a row that is not there. */
const UPSERT =
  'Insert the lead when it is not there yet (an upsert): the first event of an address that you hear of can be any.';

/** An event of another type that a receiver is likely to store a lead for. */
const earlierType = (probe: Probe, type: StatefulType): EventType =>
  primaryTypeOf(probe) === type ? 'email.opened' : primaryTypeOf(probe);

/** @returns null unless the type sets the member behind another event of the lead, and never as its first */
const onlyOfKnownLead = async (
  probe: Probe,
  type: StatefulType,
  member: StateMember,
  alone: Told,
): Promise<Verdict | null> => {
  // Leads that the receiver knows have had events before.
  if (probe.leadEmail !== null) return null;
  const earlier = earlierType(probe, type);
  const behind = await tellPlain(probe, type, member, [earlier]);
  if (!follows(behind) || follows(await tellPlain(probe, type, member, []))) return null;
  const value = JSON.stringify(behind.state[member]);
  return fail({
    symptom: 'state',
    key: 'state:first-of-lead',
    expected: [`${member} ${value}`],
    actual: `after a single ${type} of a new lead: ${describeWrong(alone)}; behind an ${earlier} of the same lead: ${member} ${value}`,
    diagnosis: `When an \`${type}\` is the first event of its lead, it is answered 2xx and changes nothing: only a lead that is known already is updated.`,
    fix: UPSERT,
    exchanges: [...behind.exchanges, ...alone.exchanges],
  });
};

/**
 * Explain a failed check by what the receiver does with a plain event of this type: it does not change this member at all,
 * or only for leads that are known already.
 *
 * @returns a function for {@link judgeLeads}: not tested, or a failure with that cause; null if neither is so
 */
export const unlessInterested =
  (probe: Probe, type: StatefulType, member: StateMember) => async (): Promise<Verdict | null> => {
    const alone = await tellPlain(probe, type, member, []);
    if (follows(alone)) return null;
    const ofKnown = await onlyOfKnownLead(probe, type, member, alone);
    if (ofKnown !== null) return ofKnown;
    const { types } = await learnedInterests(probe);
    if (types.has(type)) return null;
    return notTested(
      `This receiver does not act on ${type}: a plain one does not change "${member}" in the state of its lead.`,
    );
  };

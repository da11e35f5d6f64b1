/**
 * Interests of a receiver in the state of leads: a receiver that keeps no suppressions, for example, is not judged by them.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Verdict } from '../check.ts';
import type { Data } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { notTested } from '../verdict.ts';
import { waitFor } from '../hooks/hooks.ts';
import { deliver } from './deliver.ts';
import { learnedInterests, type StateMember } from './interests.ts';

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

const PATIENCE = { forMs: 1000, everyMs: 20 };

const follows = async (probe: Probe, type: StatefulType, member: StateMember): Promise<boolean> => {
  const { state } = probe.hooks;
  if (state === undefined) return false;
  const { data, state: expected } = PLAIN[type];
  const event = probe.event(type, data);
  await deliver(probe, event);
  const wanted = (expected as Partial<Record<StateMember, unknown>>)[member];
  const email = String(event.data['lead_email']);
  const isReached = (now: Awaited<ReturnType<typeof state>>): boolean => now[member] === wanted;
  return isReached(await waitFor(probe.wall, () => state(email), isReached, PATIENCE));
};

/**
 * Explain a failed check by a lack of interest: plain events of this type have no effect, and do not change this member.
 *
 * @returns a function for {@link judgeLeads}: not tested, or null if the receiver is interested
 */
export const unlessInterested =
  (probe: Probe, type: StatefulType, member: StateMember) => async (): Promise<Verdict | null> => {
    const { types } = await learnedInterests(probe);
    if (types.has(type) || (await follows(probe, type, member))) return null;
    return notTested(
      `This receiver does not act on ${type}: a plain one does not change "${member}" in the state of its lead.`,
    );
  };

/**
 * Leads of the beginning of the run of which the receiver knows less at its end, and whether the number of other leads is
 * the reason.
 *
 * @module
 */
import { waitFor } from '../hooks/hooks.ts';
import { deliver } from '../judge/deliver.ts';
import { taughtLeads, type StateMember, type TaughtLead } from '../judge/interests.ts';
import type { Probe } from '../probe/probe.ts';
import { inDigitGroups } from '../../domain/digit-groups.ts';
import type { NamedCause } from './known-causes.ts';
import { settle } from './snapshot.ts';
import { sideBySide } from './trial.ts';

export interface Forgotten {
  readonly lead: TaughtLead;
  readonly member: StateMember;
  /** JSON, or "unknown" for a lead that is. */
  readonly found: string;
}

const PATIENCE = { forMs: 1000, everyMs: 50 };

const forgottenOf = async (probe: Probe, lead: TaughtLead): Promise<Forgotten | null> => {
  const ask = async (): Promise<Forgotten | null> => {
    const now = await probe.hooks.state!(lead.email);
    for (const [name, expected] of Object.entries(lead.expected)) {
      const member = name as StateMember;
      // An address that is invalid may be removed as a whole.
      if (!now.known && lead.event.event === 'email.bounced') continue;
      if (now[member] === expected) continue;
      return { lead, member, found: now.known ? JSON.stringify(now[member] ?? null) : 'unknown' };
    }
    return null;
  };
  return waitFor(probe.wall, ask, (one) => one === null, PATIENCE);
};

const find = async (probe: Probe): Promise<Forgotten | null> => {
  const found = await Promise.all(taughtLeads(probe).map((lead) => forgottenOf(probe, lead)));
  return found.find((one) => one !== null) ?? null;
};

/** At most as many events of other leads. */
const MAX_OTHERS = 2000;
const AT_ONCE = 16;

/** @returns the cause when a lead is forgotten behind a number of other ones; null when it takes more than they */
const explainByOthers = async (
  probe: Probe,
  { lead: { event, expected }, member }: Forgotten,
): Promise<NamedCause | null> => {
  const { lead_email, lead_id } = probe.event('email.opened').data;
  const copy = { ...probe.event(), event: event.event };
  const again = { ...copy, data: { ...event.data, lead_email, lead_id } };
  await deliver(probe, again);
  await settle(probe);
  const lead: TaughtLead = { email: String(lead_email), event: again, expected };
  if ((await forgottenOf(probe, lead)) !== null) return null;
  for (let others = 0, next = 8; others + next <= MAX_OTHERS; next = others) {
    const events = Array.from({ length: next }, () => probe.event());
    await sideBySide(probe, events, (one) => probe.post(one), AT_ONCE);
    await settle(probe);
    const before = others;
    others += next;
    if ((await forgottenOf(probe, lead)) === null) continue;
    return {
      key: `state:${member}:many-leads`,
      sentence: `A lead is forgotten once ${inDigitGroups(before + 1)} to ${inDigitGroups(others)} events of other leads have arrived after its own: \`${member}\` is lost, as from a cache of limited size that is not the copy of a store.`,
      fix: 'Keep what is known of leads in a store, and write it there before an entry of a cache is evicted.',
    };
  }
  return null;
};

export interface ForgottenLead {
  readonly forgotten: Forgotten;
  readonly cause: NamedCause | null;
}

/**
 * The cause is looked for once in a run.
 *
 * @returns null when all leads of the beginning are known as they were
 */
export const findForgotten = async (probe: Probe): Promise<ForgottenLead | null> => {
  const forgotten = await find(probe);
  if (forgotten === null) return null;
  const cause = await probe.memory.once('cause of forgotten leads', () =>
    explainByOthers(probe, forgotten),
  );
  return { forgotten, cause };
};

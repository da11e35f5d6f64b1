/**
 * Interests of a receiver: the event types that have an effect, and the members of a lead's state that follow the events.
 *
 * Most integrations start with two of the eight types, so a type without effect is no fault. One plain event of each type
 * shows which ones have an effect; only those are judged by their effects.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { waitFor, type LeadState } from '../hooks/hooks.ts';
import type { Data, Event } from '../probe/event-maker.ts';
import { inTurn } from '../probe/in-turn.ts';
import { DEFAULT_TYPE, type Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';

/** Members of {@link LeadState} that sequences of events can be compared by. */
export const STATE_MEMBERS = ['suppressed', 'unsubscribed', 'open_count', 'sentiment'] as const;
export type StateMember = (typeof STATE_MEMBERS)[number];

export interface Interests {
  /** Types that have an effect; empty if none is known to, or without an effects hook. */
  readonly types: ReadonlySet<string>;
  /** Members that were as expected after one plain event each; empty without a state hook. */
  readonly state: ReadonlySet<StateMember>;
}

const SECOND_TYPE: EventType = 'email.clicked';

/** Wait for the others once one event has taken effect. */
const PATIENCE = { forMs: 500, everyMs: 20 };

const learnTypes = async (probe: Probe): Promise<ReadonlySet<EventType>> => {
  const { effects, wall, effectTypes } = probe;
  if (effectTypes !== null || effects === null) return new Set(effectTypes);
  const events = EVENT_TYPES.map((type) => probe.event(type));
  const sent = await inTurn(probe, events, (event) => probe.post(event));
  const ask = (): Promise<readonly number[]> =>
    Promise.all(events.map(({ id }) => effects.count(id)));
  const hasEffect = (place: number, counts: readonly number[]): boolean =>
    counts[place]! > 0 && isAccepted(sent[place]!);
  const first = await waitFor(wall, ask, (counts) => counts.some((count) => count > 0));
  const isComplete = (counts: readonly number[]): boolean => counts.every((count) => count > 0);
  const counts = isComplete(first) ? first : await waitFor(wall, ask, isComplete, PATIENCE);
  return new Set(EVENT_TYPES.filter((_, place) => hasEffect(place, counts)));
};

const EXPECTED = {
  suppressed: true,
  unsubscribed: true,
  open_count: 2,
  sentiment: 'positive',
} as const satisfies Record<StateMember, unknown>;

/** Plain events, each of a lead of its own, and the members of {@link EXPECTED} that each one shows. */
const LESSONS: readonly (readonly [EventType, Data, readonly StateMember[]])[] = [
  ['email.opened', { open_count: EXPECTED.open_count }, ['open_count']],
  ['email.replied', { reply_sentiment: EXPECTED.sentiment }, ['sentiment']],
  ['email.unsubscribed', { suppressed_globally: true }, ['unsubscribed', 'suppressed']],
  ['email.bounced', { bounce_type: 'hard' }, ['suppressed']],
];

/** A lead whose only event has set these members. */
export interface TaughtLead {
  readonly email: string;
  readonly event: Event;
  readonly expected: Partial<Record<StateMember, unknown>>;
}

const taught = new WeakMap<Probe['signing'], readonly TaughtLead[]>();

/** Leads of the beginning of the run with what was known of them then; empty until the state was learned. */
export const taughtLeads = ({ signing }: Pick<Probe, 'signing'>): readonly TaughtLead[] =>
  taught.get(signing) ?? [];

const learnState = async (probe: Probe): Promise<ReadonlySet<StateMember>> => {
  const { state } = probe.hooks;
  // These events would stay in the state of a lead that others use, too.
  if (state === undefined || probe.leadEmail !== null) return new Set();
  const events = LESSONS.map(([type, data]) => probe.event(type, data));
  await inTurn(probe, events, (event) => probe.post(event));
  const ask = (): Promise<readonly LeadState[]> =>
    Promise.all(events.map(({ data }) => state(String(data['lead_email']))));
  const follows = (states: readonly LeadState[], member: StateMember): boolean =>
    states.some(
      (now, place) =>
        LESSONS[place]![2].includes(member) && now.known && now[member] === EXPECTED[member],
    );
  const found = await waitFor(
    probe.wall,
    ask,
    (states) => STATE_MEMBERS.every((member) => follows(states, member)),
    PATIENCE,
  );
  const leads = events.map((event, place): TaughtLead => {
    const now = found[place]!;
    const members = LESSONS[place]![2].filter((one) => now.known && now[one] === EXPECTED[one]);
    const expected = Object.fromEntries(members.map((member) => [member, EXPECTED[member]]));
    return { email: String(event.data['lead_email']), event, expected };
  });
  taught.set(probe.signing, leads);
  return new Set(STATE_MEMBERS.filter((member) => follows(found, member)));
};

/** Keyed by an object that is unique per run. */
const known = new WeakMap<Probe['signing'], Promise<Interests>>();
const primary = new WeakMap<Probe['signing'], EventType>();

/** The type of a plain event of this run: `email.replied`, unless it is known to have no effect. */
export const primaryTypeOf = ({ signing }: Pick<Probe, 'signing'>): EventType =>
  primary.get(signing) ?? DEFAULT_TYPE;

const choosePrimary = (types: ReadonlySet<EventType>): EventType | undefined => {
  if (types.has(DEFAULT_TYPE)) return DEFAULT_TYPE;
  // `campaign.completed` has no lead.
  return EVENT_TYPES.find((type) => types.has(type) && type !== 'campaign.completed');
};

const learn = async (probe: Probe): Promise<Interests> => {
  const types = await learnTypes(probe);
  const chosen = choosePrimary(types);
  if (chosen !== undefined) primary.set(probe.signing, chosen);
  return { types, state: await learnState(probe) };
};

/** Learn the interests, once per run. After a failure, such as of a hook, the next call tries again. */
export const interestsOf = (probe: Probe): Promise<Interests> => {
  const { signing } = probe;
  const before = known.get(signing);
  if (before !== undefined) return before;
  const learned = learn(probe);
  known.set(signing, learned);
  learned.catch(() => known.delete(signing));
  return learned;
};

const NOTHING: Interests = { types: new Set(), state: new Set() };

/** What has been learned so far; in a run with an effects hook, delivery/effects-probe learns it. */
export const learnedInterests = async ({ signing }: Pick<Probe, 'signing'>): Promise<Interests> =>
  (await known.get(signing)) ?? NOTHING;

/** Whether an effect of this event is expected: a plain event of its type had one, or the contract does not know the type. */
export const mayHaveEffect = ({ types }: Interests, { event }: Pick<Event, 'event'>): boolean =>
  types.size === 0 || types.has(event) || !(EVENT_TYPES as readonly string[]).includes(event);

/** A type that the receiver acts on, other than that of plain events if possible. */
export const secondaryType = async (probe: Probe): Promise<EventType> => {
  const { types } = await learnedInterests(probe);
  const others = EVENT_TYPES.filter((type) => types.has(type) && type !== primaryTypeOf(probe));
  if (types.size === 0 || others.includes(SECOND_TYPE)) return SECOND_TYPE;
  return others.find((type) => type !== 'campaign.completed') ?? primaryTypeOf(probe);
};

/** The wanted type if the receiver acts on it, or if nothing is known; otherwise the type of plain events. */
export const actedOn = (
  probe: Pick<Probe, 'signing'>,
  { types }: Pick<Interests, 'types'>,
  wanted: EventType,
): EventType => (types.size === 0 || types.has(wanted) ? wanted : primaryTypeOf(probe));

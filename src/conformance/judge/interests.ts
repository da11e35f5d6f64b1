/**
 * What a receiver acts on: which event types have an effect, and which members of a lead's state follow the events.
 *
 * Most integrations start with two of the eight types, so a type without effect is no fault. Other judges ask here first
 * and judge only what one plain event of each type has shown.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { waitFor, type LeadState } from '../hooks/hooks.ts';
import type { Data, Event } from '../probe/event-maker.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';

/** Members of {@link LeadState} that sequences of events can be compared by. */
export const STATE_MEMBERS = ['suppressed', 'unsubscribed', 'open_count', 'sentiment'] as const;
export type StateMember = (typeof STATE_MEMBERS)[number];

export interface Interests {
  /** Types of which a plain event took effect; empty without an effects hook. */
  readonly types: ReadonlySet<string>;
  /** Members that were as expected after one plain event each; empty without a state hook. */
  readonly state: ReadonlySet<StateMember>;
}

const DEFAULT_TYPE: EventType = 'email.replied';
const SECOND_TYPE: EventType = 'email.clicked';

/** A plain event has had its effect after this time, when another one has. Milliseconds. */
const PATIENCE = { forMs: 1000, everyMs: 20 };

const learnTypes = async (probe: Probe): Promise<ReadonlySet<EventType>> => {
  const { effects } = probe;
  if (effects === null) return new Set();
  const events = EVENT_TYPES.map((type) => probe.event(type));
  const sent: Exchange[] = [];
  // One at a time: what happens at the same moment is for other checks.
  for (const event of events) sent.push(await probe.post(event));
  const counts = await Promise.all(events.map(({ id }) => effects.settled(id, 1, PATIENCE)));
  return new Set(EVENT_TYPES.filter((_, place) => counts[place]! > 0 && isAccepted(sent[place]!)));
};

const EXPECTED = {
  suppressed: true,
  unsubscribed: true,
  open_count: 2,
  sentiment: 'positive',
} as const satisfies Record<StateMember, unknown>;

/** One plain event for each member of {@link EXPECTED}. */
const LESSON: readonly (readonly [EventType, Data])[] = [
  ['email.opened', { open_count: EXPECTED.open_count }],
  ['email.replied', { reply_sentiment: EXPECTED.sentiment }],
  ['email.unsubscribed', { suppressed_globally: true }],
  ['email.bounced', { bounce_type: 'hard' }],
];

const follows = (state: LeadState, member: StateMember): boolean =>
  state.known && state[member] === EXPECTED[member];

const learnState = async (probe: Probe): Promise<ReadonlySet<StateMember>> => {
  const { state } = probe.hooks;
  if (state === undefined) return new Set();
  const { lead_email, lead_id } = probe.event('email.opened').data;
  for (const [type, data] of LESSON) {
    await probe.post(probe.event(type, { ...data, lead_email, lead_id }));
  }
  const found = await waitFor(
    probe.wall,
    () => state(String(lead_email)),
    (now) => STATE_MEMBERS.every((member) => follows(now, member)),
    PATIENCE,
  );
  return new Set(STATE_MEMBERS.filter((member) => follows(found, member)));
};

/** By what a run has only one of. */
const known = new WeakMap<Probe['signing'], Promise<Interests>>();
const primary = new WeakMap<Probe['signing'], EventType>();

/** The type of a plain event of this run: `email.replied`, or another one when that is known to have no effect. */
export const primaryTypeOf = ({ signing }: Pick<Probe, 'signing'>): EventType =>
  primary.get(signing) ?? DEFAULT_TYPE;

const learn = async (probe: Probe): Promise<Interests> => {
  const types = await learnTypes(probe);
  const [other] = EVENT_TYPES.filter((type) => types.has(type) && type !== 'campaign.completed');
  if (!types.has(DEFAULT_TYPE) && other !== undefined) primary.set(probe.signing, other);
  return { types, state: await learnState(probe) };
};

/** Learns them once a run. */
export const interestsOf = (probe: Probe): Promise<Interests> => {
  const learnt = known.get(probe.signing) ?? learn(probe);
  known.set(probe.signing, learnt);
  return learnt;
};

/**
 * Whether an effect of an event can be expected: of its type a plain event had one, or the type is new. Sends nothing:
 * until interests are learnt, every type may have an effect.
 */
export const expectEffects = async ({
  signing,
}: Pick<Probe, 'signing'>): Promise<(event: Pick<Event, 'event'>) => boolean> => {
  const { types = new Set<string>() } = (await known.get(signing)) ?? {};
  const isKnown = (type: string): boolean => (EVENT_TYPES as readonly string[]).includes(type);
  return ({ event }) => types.size === 0 || types.has(event) || !isKnown(event);
};

/** A type that the receiver acts on, and another one than that of plain events where there is one. */
export const secondaryType = async (probe: Probe): Promise<EventType> => {
  const mayHaveEffect = await expectEffects(probe);
  if (mayHaveEffect({ event: SECOND_TYPE })) return SECOND_TYPE;
  const others = EVENT_TYPES.filter(
    (event) => mayHaveEffect({ event }) && event !== primaryTypeOf(probe),
  );
  return others.find((type) => type !== 'campaign.completed') ?? primaryTypeOf(probe);
};

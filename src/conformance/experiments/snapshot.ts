/**
 * Effects and states of earlier events, read before and after something that must change neither: what differs needs no
 * model to be wrong.
 *
 * @module
 */
import type { LeadState } from '../hooks/hooks.ts';
import { deliver, settleBehind } from '../judge/deliver.ts';
import { MAX_READ_BYTES } from '../judge/first-events.ts';
import { interestsOf, STATE_MEMBERS } from '../judge/interests.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { eventIn } from './explain-refusal.ts';
import { sideBySide } from './trial.ts';

/** Of one event: its effects, and what is known of its lead. */
export interface Seen {
  readonly event: Event;
  readonly count: number | null;
  /** Members by name, as JSON; null without a state hook, an address or a lead that is known. */
  readonly state: Readonly<Record<string, string>> | null;
}

const AT_ONCE = 16;

const membersOf = (state: LeadState): Readonly<Record<string, string>> | null => {
  if (!state.known) return null;
  // Other rates change with the events that are sent meanwhile.
  const bounces = state.rates?.['bounce_rate'];
  const named = STATE_MEMBERS.map((member) => [member, state[member]] as const);
  const all = [...named, ['bounce_rate', bounces] as const];
  return Object.fromEntries(
    all.flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)]])),
  );
};

export const readSnapshot = (probe: Probe, events: readonly Event[]): Promise<readonly Seen[]> => {
  const { effects, hooks } = probe;
  const read = async (event: Event): Promise<Seen> => {
    const email = event.data['lead_email'];
    const count = effects === null ? null : await effects.count(event.id);
    const state =
      hooks.state !== undefined && typeof email === 'string'
        ? membersOf(await hooks.state(email))
        : null;
    return { event, count, state };
  };
  return sideBySide(probe, events, read, AT_ONCE);
};

/** Everything sent so far has been processed. */
export const settle = async (probe: Probe): Promise<void> => {
  if (probe.effects !== null) await settleBehind(probe);
};

const MEASURED = 3;

/** How long an event and its effect take now, at least 1: the limit of a rate counts, too. Milliseconds. */
export const measureEventMs = async (probe: Probe): Promise<number> => {
  const begun = probe.wall.now();
  for (let count = 0; count < MEASURED; count += 1) {
    if (probe.effects === null) await deliver(probe, probe.event());
    else await settleBehind(probe);
  }
  return Math.max(1, (probe.wall.now() - begun) / MEASURED);
};

/** Whether a request has the correct signature of its body. */
export const isSigned = ({ signing }: Probe, { request }: Exchange): boolean =>
  request.headers.some(([, value]) => value === signing.valid(request.body));

/** Accepted events of the run so far, at most as many, evenly spread; the first ones always. */
export const acceptedEvents = async (probe: Probe, most: number): Promise<readonly Event[]> => {
  const { types } = await interestsOf(probe);
  const events = new Map<string, Event>();
  for (const exchange of probe.allExchanges()) {
    const { body } = exchange.request;
    if (!isAccepted(exchange) || body.length > MAX_READ_BYTES || !isSigned(probe, exchange))
      continue;
    const event = eventIn(body);
    const counts = event !== null && (types.size === 0 || types.has(event.event));
    if (counts && !events.has(event.id)) events.set(event.id, event);
  }
  const all = [...events.values()];
  const first = all.slice(0, Math.floor(most / 4));
  const rest = all.slice(first.length);
  const step = Math.max(1, rest.length / (most - first.length));
  const chosen = Array.from(
    { length: Math.min(rest.length, most - first.length) },
    (_, place) => rest[Math.floor(place * step)]!,
  );
  return [...first, ...chosen];
};

/** One member that is another one now. */
export interface Changed {
  readonly event: Event;
  /** `effects`, or a member of the state. */
  readonly member: string;
  readonly before: string;
  readonly after: string;
}

const changesOf = (before: Seen, after: Seen): readonly Changed[] => {
  const { event } = before;
  const count =
    before.count === after.count
      ? []
      : [{ event, member: 'effects', before: String(before.count), after: String(after.count) }];
  if (before.state === null) return count;
  if (after.state === null) {
    return [...count, { event, member: 'lead', before: 'known', after: 'unknown' }];
  }
  const now = after.state;
  const states = Object.entries(before.state).flatMap(([member, was]) => {
    const is = now[member] ?? 'missing';
    return is === was ? [] : [{ event, member, before: was, after: is }];
  });
  return [...count, ...states];
};

/** @param after of the same events, in the same order */
export const compareSnapshots = (
  before: readonly Seen[],
  after: readonly Seen[],
): readonly Changed[] => before.flatMap((one, place) => changesOf(one, after[place]!));

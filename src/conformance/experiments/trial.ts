/**
 * One try of an event: whether it was accepted and, with an effects hook, took effect once.
 *
 * @module
 */
import pLimit from 'p-limit';
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { HookError, type Effects } from '../hooks/hooks.ts';
import { deliver, settleBehind } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import { isThrottled } from '../net/throttle.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';

/** What is wrong with the receiver's treatment of a valid event. */
export type Flaw = 'refused' | 'lost' | 'doubled';

export interface Trial {
  readonly event: Event;
  readonly exchange: Exchange;
  /** Null when it was treated as it should be, or nothing can be said. */
  readonly flaw: Flaw | null;
  /** It was throttled or got no answer in time: neither right nor wrong. */
  readonly isUnclear: boolean;
}

/** A cut connection is an answer to what was sent; silence and a closed port are for other checks. */
const isConclusive = (exchange: Exchange): boolean =>
  exchange.reply.kind === 'answer' ? !isThrottled(exchange) : exchange.reply.cause === 'reset';

/** A correctly signed event that was conclusively not accepted. */
export const isRefusedEvent = (exchange: Exchange): boolean =>
  isConclusive(exchange) && !isAccepted(exchange);

/** How many events are on their way at a time: a receiver may take a dozen at most. */
const AT_ONCE = 6;
/** Do the same with each, a few at a time. @returns the results in the order of the items */
export const sideBySide = <T, R>(
  probe: Pick<Probe, 'atOnce'>,
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<readonly R[]> => {
  const limit = pLimit(Math.max(probe.atOnce(), atOnce));
  return Promise.all(items.map((item) => limit(() => work(item))));
};

const flawOf = (count: number): Flaw | null =>
  count === 0 ? 'lost' : count > 1 ? 'doubled' : null;

/** An effect that is not there behind one that is gets this time. Milliseconds. */
const STRAGGLER_MS = 150;

/** Effects of an event; null if the hook cannot look up its id, as a router that limits the length of path parameters. */
const countEffects = async (probe: Probe, effects: Effects, id: string): Promise<number | null> => {
  try {
    const now = await effects.count(id);
    return now > 0 ? now : await effects.settled(id, 1, { forMs: STRAGGLER_MS });
  } catch (error) {
    if (!(error instanceof HookError)) throw error;
    // A hook that is down fails here again.
    await effects.count(probe.events.freshId());
    return null;
  }
};

/** Types whose plain event has an effect at this receiver; null without an effects hook. */
export type Interests = ReadonlySet<string> | null;

/**
 * Deliver events, and look at the effects of those that were accepted.
 *
 * @param interests types whose effects count
 */
export const tryEvents = async (
  probe: Probe,
  events: readonly Event[],
  interests: Interests,
): Promise<readonly Trial[]> => {
  const exchanges = await sideBySide(probe, events, (event) => deliver(probe, event));
  const { effects } = probe;
  const isLookedAt = (at: number): boolean =>
    interests?.has(events[at]!.event) === true && isAccepted(exchanges[at]!);
  const asked = events.map((_, at) => at).filter(isLookedAt);
  const flaws = new Map<number, Flaw | null>();
  if (effects !== null && asked.length > 0) {
    await settleBehind(probe);
    await sideBySide(probe, asked, async (at) => {
      const count = await countEffects(probe, effects, events[at]!.id);
      flaws.set(at, count === null ? null : flawOf(count));
    });
  }
  return events.map((event, at) => {
    const exchange = exchanges[at]!;
    const isUnclear = !isAccepted(exchange) && !isConclusive(exchange);
    const flaw = isRefusedEvent(exchange) ? 'refused' : (flaws.get(at) ?? null);
    return { event, exchange, flaw, isUnclear };
  });
};

export interface Controls {
  /** Types whose plain event is accepted, each with its exchange. */
  readonly accepted: ReadonlyMap<EventType, Exchange>;
  readonly interests: Interests;
}

/** Send one plain event of each type: what is refused or has no effect there is not judged further. */
export const tryControls = async (probe: Probe): Promise<Controls> => {
  const events = EVENT_TYPES.map((type) => probe.event(type));
  const trials = await tryEvents(probe, events, new Set(EVENT_TYPES));
  const isKept = ({ exchange }: Trial): boolean => isAccepted(exchange);
  const accepted = new Map(
    trials.filter(isKept).map(({ event, exchange }) => [event.event as EventType, exchange]),
  );
  const interests =
    probe.effects === null
      ? null
      : new Set(
          trials
            .filter((trial) => isKept(trial) && trial.flaw === null)
            .map(({ event }) => event.event),
        );
  return { accepted, interests };
};

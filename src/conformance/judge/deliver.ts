/**
 * Delivery of events as by the provider, and verification of their effects.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { learnedInterests, mayHaveEffect } from './interests.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Exchange } from '../net/exchange.ts';
import { sleep, type Effects } from '../hooks/hooks.ts';
import { retryAfterMs } from '../net/throttle.ts';
import type { PostOptions, Probe } from '../probe/probe.ts';
import { fail, isAccepted, describeReply, timeoutVerdictOf } from '../verdict.ts';

/** Statuses of a temporary rejection: the same event is in flight, or the receiver is overloaded. The provider would retry. */
const TEMPORARY_STATUSES: ReadonlySet<number> = new Set([409, 425, 429, 503]);
const RETRY_DELAYS_MS = [50, 150, 400, 900];

const isTemporary = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && TEMPORARY_STATUSES.has(reply.status);

/** Within a burst; outside of bursts, the probe itself waits for longer. */
const MAX_ASKED_MS = 2000;

const askedMs = ({ wall }: Probe, { reply }: Exchange): number =>
  retryAfterMs(reply, wall.now()) ?? 0;

/** Post an event, and retry while the receiver rejects it temporarily. @returns the last exchange */
export const deliver = async (
  probe: Probe,
  body: Event | string,
  options?: PostOptions,
): Promise<Exchange> => {
  let exchange = await probe.post(body, options);
  for (const ms of RETRY_DELAYS_MS) {
    if (!isTemporary(exchange)) break;
    await sleep(probe.wall, Math.max(ms, Math.min(askedMs(probe, exchange), MAX_ASKED_MS)));
    exchange = await probe.post(body, options);
  }
  return exchange;
};

/** The effects hook of a check that lists it in `needs`. */
export const effectsOf = ({ effects }: Probe): Effects => {
  if (effects === null)
    throw new Error('a check that uses the effects hook must list it in "needs"');
  return effects;
};

/** Deliver another event and wait for its effect: then a queue has processed everything before it. */
export const settleBehind = async (probe: Probe): Promise<void> => {
  const last = probe.event();
  if (isAccepted(await deliver(probe, last))) await effectsOf(probe).appears(last.id);
};

/** Milliseconds after which an effect that has not appeared counts as lost. */
const LOST_AFTER_MS = 600;

/** Number of these accepted events that have no effect, once a queue has processed everything before. */
export const countLost = async (probe: Probe, events: readonly Event[]): Promise<number> => {
  await settleBehind(probe);
  const effects = effectsOf(probe);
  const counts = await Promise.all(
    events.map(({ id }) => effects.settled(id, 1, { forMs: LOST_AFTER_MS })),
  );
  return counts.filter((count) => count === 0).length;
};

/** A delivered event with a name for messages. */
export interface Delivered {
  /** "the event that is 36 minutes old". */
  readonly name: string;
  readonly event: Event;
  readonly exchange: Exchange;
}

export const deliverNamed = async (
  probe: Probe,
  name: string,
  event: Event,
): Promise<Delivered> => ({ name, event, exchange: await deliver(probe, event) });

/** @returns a failure if an event was not accepted, not tested if all of those timed out; null if all were accepted */
export const judgeDelivered = (delivered: readonly Delivered[]): Verdict | null => {
  const refused = delivered.filter(({ exchange }) => !isAccepted(exchange));
  if (refused.length === 0) return null;
  const silence = timeoutVerdictOf(refused.map(({ exchange }) => exchange));
  if (silence !== null) return silence;
  return fail({
    symptom: 'refused',
    expected: ['a 2xx'],
    actual: refused
      .map(({ name, exchange }) => `${name}: ${describeReply(exchange.reply)}`)
      .join('; '),
    exchanges: refused.map(({ exchange }) => exchange),
  });
};

export const times = (count: number): string =>
  count === 1 ? 'one effect' : count === 0 ? 'no effect' : `${count} effects`;

/** Require that each event is accepted and takes effect once. @returns null if so */
export const judgeOnce = async (
  probe: Probe,
  delivered: readonly Delivered[],
): Promise<Verdict | null> => {
  const refused = judgeDelivered(delivered);
  if (refused !== null) return refused;
  const effects = effectsOf(probe);
  const interests = await learnedInterests(probe);
  const counts = await Promise.all(
    delivered.map(async ({ event }) =>
      mayHaveEffect(interests, event) ? effects.settled(event.id, 1) : 1,
    ),
  );
  const wrong = delivered.flatMap((one, place) =>
    counts[place] === 1 ? [] : [{ ...one, count: counts[place]! }],
  );
  if (wrong.length === 0) return null;
  return fail({
    symptom: wrong.some(({ count }) => count === 0) ? 'lost' : 'doubled',
    expected: ['one effect per event'],
    actual: wrong
      .map(
        ({ name, exchange, count }) => `${name}: ${describeReply(exchange.reply)}, ${times(count)}`,
      )
      .join('; '),
    exchanges: wrong.map(({ exchange }) => exchange),
  });
};

/**
 * Delivers events as the provider does, and looks at how often they took effect.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { expectEffects } from './interests.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Exchange } from '../net/exchange.ts';
import { sleep, type Effects } from '../hooks/hooks.ts';
import type { PostOptions, Probe } from '../probe/probe.ts';
import { fail, isAccepted, describeReply, silenceOf } from '../verdict.ts';

/** "Not now": the same event is in flight, or too much is going on. The provider would come again. */
const NOT_NOW: ReadonlySet<number> = new Set([409, 425, 429, 503]);
const AGAIN_AFTER_MS = [50, 150, 400, 900];

const isNotNow = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && NOT_NOW.has(reply.status);

/** Posts an event, and again while the receiver asks for patience. @returns the last exchange */
export const deliver = async (
  probe: Probe,
  body: Event | string,
  options?: PostOptions,
): Promise<Exchange> => {
  let exchange = await probe.post(body, options);
  for (const ms of AGAIN_AFTER_MS) {
    if (!isNotNow(exchange)) break;
    await sleep(probe.wall, ms);
    exchange = await probe.post(body, options);
  }
  return exchange;
};

/** The effects hook of a check that needs one; the runner sees to it that there is one. */
export const effectsOf = ({ effects }: Probe): Effects => {
  if (effects === null) throw new Error('a check that asks for effects must need the effects hook');
  return effects;
};

/** Comes after events whose effects are looked at: when it has taken effect, what a queue held before it is through. */
export const settleBehind = async (probe: Probe): Promise<void> => {
  const last = probe.event();
  if (isAccepted(await deliver(probe, last))) await effectsOf(probe).settled(last.id, 1);
};

/** An event, how it was delivered, and what is said of it. */
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

/** @returns a failure when one of them was not accepted, or that nothing can be said of silence; else null */
export const judgeAccepted = (delivered: readonly Delivered[]): Verdict | null => {
  const refused = delivered.filter(({ exchange }) => !isAccepted(exchange));
  if (refused.length === 0) return null;
  const silence = silenceOf(refused.map(({ exchange }) => exchange));
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

/** Each must be accepted and take effect once. @returns a failure when one has not; else null */
export const judgeOnce = async (
  probe: Probe,
  delivered: readonly Delivered[],
): Promise<Verdict | null> => {
  const refused = judgeAccepted(delivered);
  if (refused !== null) return refused;
  const effects = effectsOf(probe);
  const mayHaveEffect = await expectEffects(probe);
  const counts = await Promise.all(
    delivered.map(async ({ event }) => (mayHaveEffect(event) ? effects.settled(event.id, 1) : 1)),
  );
  const wrong = delivered.flatMap((one, place) =>
    counts[place] === 1 ? [] : [{ ...one, count: counts[place]! }],
  );
  if (wrong.length === 0) return null;
  return fail({
    symptom: wrong.some(({ count }) => count === 0) ? 'lost' : 'doubled',
    expected: ['one effect of each'],
    actual: wrong
      .map(
        ({ name, exchange, count }) => `${name}: ${describeReply(exchange.reply)}, ${times(count)}`,
      )
      .join('; '),
    exchanges: wrong.map(({ exchange }) => exchange),
  });
};

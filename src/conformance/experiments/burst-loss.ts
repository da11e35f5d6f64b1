/**
 * Where events of a burst are lost: a queue that is full still holds the others when the last response has come, while a
 * receiver that does the work before it responds has finished by then.
 *
 * @module
 */
import type { Shown } from '../histories/cause.ts';
import { FIX } from '../histories/remedies.ts';
import { deliver, effectsOf, settleBehind } from '../judge/deliver.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

/** Looked at as soon as the last response has come: more would take longer than a queue needs. */
const LATEST = 8;
/** Among those, as many must have an effect at all. */
const MIN_KEPT = 3;
const BURSTS = 2;

interface Outcome {
  readonly lost: number;
  /** Of the latest that have an effect, whether each had it when the last response came; null if there are too few. */
  readonly isDone: boolean | null;
}

const sendBurst = async (probe: Probe, count: number): Promise<Outcome> => {
  const effects = effectsOf(probe);
  const inOrder: string[] = [];
  const sent = Array.from({ length: count }, async () => {
    const event = probe.event();
    if (isAccepted(await deliver(probe, event))) inOrder.push(event.id);
  });
  await Promise.all(sent);
  const latest = inOrder.slice(-LATEST);
  const first = await Promise.all(latest.map((id) => effects.count(id)));
  await settleBehind(probe);
  const counts = await Promise.all(inOrder.map((id) => effects.settled(id, 1)));
  const kept = counts.slice(-latest.length).map((count) => count > 0);
  const isDone = first.every((count, place) => count > 0 || !kept[place]);
  return {
    lost: counts.filter((count) => count === 0).length,
    isDone: kept.filter(Boolean).length < MIN_KEPT ? null : isDone,
  };
};

/** @returns the cause when events are lost although no queue is involved */
export const explainBurstLoss = async (
  probe: Probe,
  { violation, played: { history } }: Shown,
): Promise<NamedCause | null> => {
  const burst = history.find((step) => step.kind === 'burst');
  if (violation.kind !== 'lost' || burst?.kind !== 'burst' || probe.effects === null) return null;
  let lost = 0;
  for (let time = 0; time < BURSTS; time += 1) {
    const outcome = await sendBurst(probe, burst.count);
    if (outcome.isDone !== true || outcome.lost === 0) return null;
    lost += outcome.lost;
  }
  return {
    key: 'lost:given-up',
    sentence: `Events that arrive at the same time as many others are accepted and lost (${lost} of ${BURSTS * burst.count}), and no queue is involved: the others have their effects when they are answered. Requests that wait for a lock, a locked database or a connection give up, and the error is answered 2xx.`,
    fix: `${FIX.shared} Wait longer for a lock (SQLite: busy_timeout), and answer 5xx when an event could not be stored.`,
  };
};

/**
 * Which accepted events a restart loses: everything that was waiting, or only what was being processed while later
 * events, still waiting by then, are taken up again.
 *
 * @module
 */
import { waitFor } from '../hooks/hooks.ts';
import { effectsOf } from '../judge/deliver.ts';
import { primaryTypeOf } from '../judge/interests.ts';
import { restart } from '../judge/restart.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import type { EventType } from '../../../schemas/contract.ts';
import { isAccepted } from '../verdict.ts';
import type { NamedCause } from './known-causes.ts';

/** More than workers usually are, so that some still wait when the receiver is killed. */
const EVENTS = 24;
/** For what is taken up at once after a start. Milliseconds. */
const TAKEN_UP_WITHIN_MS = 3000;
/** A claim is often a lease that ends after half a minute: then the event is only late. Milliseconds. */
const LEASE_MS = 35_000;

export type RestartLoss =
  | { readonly kind: 'lost'; readonly cause: NamedCause }
  /** What was being processed has its effect later: nothing is lost. */
  | { readonly kind: 'late'; readonly afterMs: number };

const missing = async (probe: Probe, events: readonly Event[]): Promise<readonly Event[]> => {
  const counts = await Promise.all(events.map(({ id }) => effectsOf(probe).count(id)));
  return events.filter((_, place) => counts[place] === 0);
};

const missingWithin = (probe: Probe, events: readonly Event[], forMs: number) =>
  waitFor(
    probe.wall,
    () => missing(probe, events),
    (now) => now.length === 0,
    { forMs, everyMs: 200 },
  );

/** In the order in which they were accepted. */
const sendInTurn = async (probe: Probe, type: EventType): Promise<readonly Event[]> => {
  const taken: Event[] = [];
  for (let count = 0; count < EVENTS; count += 1) {
    const event = probe.event(type);
    if (isAccepted(await probe.post(event))) taken.push(event);
  }
  return taken;
};

/** @returns null when what is lost may have been anywhere */
export const explainRestartLoss = async (
  probe: Probe,
  type: EventType,
): Promise<RestartLoss | null> => {
  const taken = await sendInTurn(probe, type);
  if (!isAccepted(await restart(probe))) return null;
  const begun = probe.wall.now();
  const gone = await missingWithin(probe, taken, TAKEN_UP_WITHIN_MS);
  const last = taken.lastIndexOf(gone.at(-1)!);
  const later = taken.length - 1 - last;
  // What only memory holds is lost to the last one; a worker that is faster than the rest blurs this by a few.
  if (gone.length === 0 || later < Math.max(2, gone.length)) return null;
  const lost = await missingWithin(probe, gone, LEASE_MS - TAKEN_UP_WITHIN_MS);
  if (lost.length === 0) return { kind: 'late', afterMs: probe.wall.now() - begun };
  return {
    kind: 'lost',
    cause: {
      key: 'lost:claimed',
      sentence: `An event that is being processed when the process ends is never processed: ${lost.length} of ${taken.length} accepted events are lost in a restart, and the ${later} behind them, which still waited in the queue, are processed after it. A worker claims an event (a status, a pop), and nothing gives the claim back at start.`,
      fix: 'Delete an event from the queue only in the transaction that stores its effect; at start, or when a lease ends, set claimed events that are not finished back to waiting (SQS: visibility timeout; Redis: LMOVE to a list of work in progress; SQL: SELECT … FOR UPDATE SKIP LOCKED within the transaction).',
    },
  };
};

const NEW_EVENTS = 3;

/**
 * To be called after a restart.
 *
 * @returns the cause when events have no effect that are sent only now; null when they do
 */
export const explainLostAfterStart = async (
  probe: Probe,
  type: EventType,
): Promise<NamedCause | null> => {
  const areLost = async (of: EventType): Promise<boolean> => {
    const events = Array.from({ length: NEW_EVENTS }, () => probe.event(of));
    for (const event of events) {
      if (!isAccepted(await probe.post(event))) return false;
    }
    const counts = await Promise.all(events.map(({ id }) => effectsOf(probe).appears(id)));
    return counts.every((count) => count === 0);
  };
  if (!(await areLost(type))) return null;
  const primary = primaryTypeOf(probe);
  const isOneType = primary !== type && !(await areLost(primary));
  return {
    key: `lost:after-start${isOneType ? `:${type}` : ''}`,
    sentence: isOneType
      ? `After a restart, new ${type} events are accepted and have no effect, though ${primary} events have: the handler of this type is not registered at start, or depends on what only memory held.`
      : 'After a restart, new events are accepted and have no effect: what processes them is not started again, or it compares them with what is read at start, such as the latest time or number, and drops them.',
    fix: 'Start the worker and register every handler when the process starts, and let what is read at start decide about repeats only.',
  };
};

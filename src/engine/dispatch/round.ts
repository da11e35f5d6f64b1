/**
 * One round of a dispatcher: run what is due, and plan the next round.
 *
 * @module
 */
import type { AccountKey, Millis } from '../../domain/delivery.ts';
import { nextTurn } from '../../domain/event-loop.ts';
import type { Endpoint } from './endpoints.ts';
import type { DispatchContext, DispatchSources } from './dispatcher-types.ts';
import { handOver, isBusy, isDone, type Work } from './work.ts';

/** Yield to the event loop every this many steps of the event source, so that a long campaign cannot starve other accounts. */
const STEPS_PER_SLICE = 64;

const orNull = (at: Millis): Millis | null => (at === Infinity ? null : at);

export interface Round {
  /** Run the event source up to now, and claim what is due. Rejects if the store fails. */
  run(): Promise<void>;
  /**
   * Plan the next round; the clock may jump.
   *
   * @returns `jumped` if it did: the next round must follow at once. Otherwise real milliseconds until the next round: 0 if
   * something is due already and other work of the process may go first, Infinity if something else wakes the loop
   */
  planNext(): Promise<number | 'jumped'>;
  /** See {@link Dispatcher.earliestDue}. */
  earliestDue(): Millis | null;
  /** See {@link Dispatcher.nextStep}. */
  nextStep(): Millis | null;
  /** Whether nothing is pending, in flight or scheduled. */
  isDone(): boolean;
  /** Run no events of the source and plan no further rounds. */
  stop(): void;
}

/** Claim what is due for every endpoint with free places. */
const claimDue = async (
  work: Work,
  account: AccountKey,
  store: DispatchContext['store'],
  now: Millis,
): Promise<void> => {
  const { endpoints } = work;
  /** All that was due for them has been claimed, so their next due time is unknown. */
  const emptied: Endpoint[] = [];
  try {
    for (const endpoint of endpoints) {
      const free = endpoints.places(endpoint);
      if (free < 1 || endpoint.nextDue > now || !endpoints.isOpen(endpoint)) continue;
      const claims = await store.claimDue(endpoint.webhook.key, now, free);
      if (claims.length < free) {
        endpoint.nextDue = Infinity;
        emptied.push(endpoint);
      }
      endpoint.ready.push(...claims);
      await handOver(work, endpoint);
    }
    if (emptied.length === 0) return;
    // Deliveries planned while the store answers lower `nextDue` themselves.
    for (const [key, due] of await store.nextDueAt(account)) endpoints.expect(key, due);
  } catch (error) {
    // Ask again in the next round: later retries of the same webhooks may be pending.
    for (const endpoint of emptied) endpoint.nextDue = now;
    throw error;
  }
};

/** @param current the work of the current generation */
export const createRound = (
  account: AccountKey,
  { clock, eventSource, eventPublisher }: DispatchSources,
  { store, recorder }: DispatchContext,
  current: () => Work,
): Round => {
  let steps = 0;
  let stopped = false;

  const earliestDue = (): Millis =>
    Math.min(eventSource.nextAt() ?? Infinity, current().endpoints.earliestDue() ?? Infinity);
  const nextStep = (): Millis => Math.min(earliestDue(), current().attempts.ends.earliest());

  return {
    run: async () => {
      const now = clock.now();
      const work = current();
      work.attempts.ends.runDue(now);
      if (!stopped && (eventSource.nextAt() ?? Infinity) <= now) {
        await eventSource.runDue(now, eventPublisher);
        if ((steps += 1) % STEPS_PER_SLICE === 0) await nextTurn();
      }
      if (!recorder.isBlocked()) await claimDue(work, account, store, now);
    },
    planNext: async () => {
      const next = nextStep();
      if (next === Infinity || recorder.isBlocked() || stopped) return Infinity;
      const plan = clock.plan(next);
      if (plan !== 'now' && plan !== 'jump') return plan.sleepMs;
      // What is due but not claimed waits for a place, and the result that frees one wakes the loop.
      if (isBusy(current())) return Infinity;
      if (plan === 'now') return 0;
      await clock.moveTo(next);
      return 'jumped';
    },
    earliestDue: () => orNull(earliestDue()),
    nextStep: () => orNull(nextStep()),
    isDone: () => eventSource.nextAt() === null && isDone(current()),
    stop: () => {
      stopped = true;
    },
  };
};

/**
 * The dispatcher of one account: claims the deliveries that are due on the account's clock, sends them, and sleeps until
 * the next one is due. Nothing else in the engine sleeps.
 *
 * **Rounds.** The {@link Loop} runs one round after the other. A round records attempts whose virtual end has come, runs
 * the event source up to now, claims what is due for every endpoint with free places, and plans the next round: now,
 * after a sleep, or after a jump of the clock. Rounds are woken by new deliveries, results, changes of webhooks and of the
 * clock.
 *
 * **States.** *Active* is the normal state. *Suspended* (during `pause` and `replace`): nothing is claimed or sent, and
 * results are held back. *Stopped* (after `stop`): nothing is claimed or sent, but results are recorded. *Abandoned*
 * (after `abandon`): requests are cut and results dropped.
 *
 * **Failure.** If the store fails during a round, the round is repeated after a second. If it fails to record results,
 * the {@link Recorder} is blocked: nothing is claimed, sent or slept on until it works again. A claim whose result was
 * never recorded is in flight in the store, and is repeated after a restart: a delivery may be made twice, but is never
 * lost.
 *
 * @module
 */
import type { AccountKey, Outcome } from '../../domain/delivery.ts';
import type { EventBus } from '../event-bus.ts';
import type { AttemptDependencies } from './attempts.ts';
import { reservePlace, returnPlaces } from './endpoints.ts';
import { createGenerations, type Generations } from './generations.ts';
import { createLoop, type Loop } from './loop.ts';
import type { Dispatcher, DispatchContext, DispatchSources } from './dispatcher-types.ts';
import { createRound, type Round } from './round.ts';
import { acceptClaims, expectAll, isBusy, putAll, type Work } from './work.ts';

/** Callers of `idle`. */
const createWaiters = () => {
  let waiters: (() => void)[] = [];
  return {
    isEmpty: () => waiters.length === 0,
    wait: () =>
      new Promise<void>((resolve) => {
        waiters.push(resolve);
      }),
    release: () => {
      const released = waiters;
      waiters = [];
      for (const resolve of released) resolve();
    },
  };
};

const countOutcome = (outcomes: DispatchContext['attempts'], outcome: Outcome): void =>
  void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);

/** How a dispatcher ends. */
const createEnding = (
  round: Round,
  loop: Loop,
  generations: Generations,
  releaseWaiters: () => void,
): Pick<Dispatcher, 'stop' | 'abandon'> => ({
  stop: async () => {
    round.stop();
    loop.stop();
    await generations.stop();
    loop.wake();
  },
  abandon: async () => {
    round.stop();
    loop.stop();
    generations.abandon();
    releaseWaiters();
    await loop.finished();
  },
});

export const createDispatcher = (
  account: AccountKey,
  sources: DispatchSources,
  bus: EventBus,
  context: DispatchContext,
): Dispatcher => {
  const { clock, faults, onRest } = sources;
  const { store, recorder, attempts: outcomes } = context;
  const waiters = createWaiters();
  let attempts = 0;

  const current = (): Work => generations.current();
  const round = createRound(account, sources, context, current);
  const loop = createLoop(context.wall, {
    run: async () => {
      await round.run();
      if (!generations.isActive()) return;
      const next = await round.planNext();
      if (next === 'jumped') loop.repeat();
      else loop.sleep(next);
    },
    isActive: () => generations.isActive(),
    onRoundsEnd: () => {
      const isDue = (round.nextStep() ?? Infinity) <= clock.now();
      if (!isDue && !isBusy(current())) waiters.release();
      if (isAtRest()) onRest();
    },
  });
  const { wake } = loop;
  const isAtRest = (): boolean =>
    generations.isActive() && loop.isIdle() && waiters.isEmpty() && round.isDone();
  const onRecorded: AttemptDependencies['onRecorded'] = (outcome) => {
    attempts += 1;
    countOutcome(outcomes, outcome);
  };
  const dependencies = { account, clock, faults, bus, context, wake, onRecorded };
  const generations = createGenerations(dependencies, loop, waiters.release);

  const idle = async (): Promise<void> => {
    if (!generations.isActive() && !generations.isPaused()) return;
    const isIdle = waiters.wait();
    recorder.retryNow();
    wake();
    await isIdle;
  };

  return {
    inFlight: () => current().attempts.inFlight() + current().attempts.ends.size(),
    attempts: () => attempts,
    earliestDue: round.earliestDue,
    nextStep: round.nextStep,
    wake,
    reserve: (webhook) => reservePlace(current().endpoints, webhook, clock.now()),
    accept: async (claims) => {
      recorder.retryNow();
      if (claims.length === 0) return;
      await acceptClaims(current(), claims, store);
      if (!isBusy(current())) wake();
    },
    unreserve: (webhooks) => {
      returnPlaces(current().endpoints, webhooks);
      wake();
    },
    planned: (webhook, at) => {
      current().endpoints.expect(webhook, at);
      wake();
    },
    putWebhook: async (webhook) => {
      // A new webhook has no deliveries yet.
      if (await current().endpoints.put(webhook)) wake();
    },
    dropWebhook: (key) => current().endpoints.drop(key).finally(wake),
    begin: (webhooks) => putAll(current(), webhooks),
    expect: (due) => {
      expectAll(current(), due);
      wake();
    },
    isAtRest,
    replace: generations.replace,
    pause: generations.pause,
    idle,
    ...createEnding(round, loop, generations, waiters.release),
  };
};

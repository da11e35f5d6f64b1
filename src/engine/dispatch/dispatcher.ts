/**
 * The dispatcher of one account: claims what is due on the account's clock, has it sent, plans what is next.
 * The only place that sleeps.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { AccountKey, Millis } from '../../domain/delivery.ts';
import { nextTurn } from '../../domain/event-loop.ts';
import type { EventBus } from '../events.ts';
import { createGeneration } from './generation.ts';
import type { Dispatcher, DispatchContext, DispatchSources } from './port.ts';
import { createSender, type Work } from './attempts.ts';
import { createEndpoints, type Endpoint } from './endpoints.ts';
import { createVirtualEnds } from './virtual-ends.ts';

/** Yield to the event loop every this many steps of the event source, so that a long campaign cannot starve other accounts. */
const STEPS_PER_SLICE = 64;

/** Real milliseconds to wait after a store failure. */
const RETRY_STORE_AFTER_MS = 1000;

/** Timers do not run while the machine is suspended: check the clock at least this often while work is scheduled. */
const MAX_SLEEP_MS = 60_000;

const logger = getLogger(['sendemall-mock', 'engine']);

export const createDispatcher = (
  account: AccountKey,
  sources: DispatchSources,
  bus: EventBus,
  context: DispatchContext,
): Dispatcher => {
  const { clock, eventSource, eventPublisher } = sources;
  const { store, wall, recorder, capacity, concurrency } = context;
  let scheduled = false;
  let running: Promise<void> | null = null;
  let again = false;
  let steps = 0;
  let stopped = false;
  let paused = false;
  let disarm: (() => void) | null = null;
  let waiting: (() => void)[] = [];

  // A microtask, so that the attempts of one batch free their places before new ones are claimed.
  const wake = (): void => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      if (running === null) void start();
      else again = true;
    });
  };

  const sender = createSender(account, sources, bus, context, wake);

  const createWork = (): Work => {
    /**
     * Once what has been answered in this turn of the event loop has been read: requests that go out together wake the
     * receiver once, and a wake-up is dearer than a request.
     */
    const sendSoon = (endpoint: Endpoint): void => {
      if (endpoint.sending) return;
      endpoint.sending = true;
      setImmediate(() => {
        endpoint.sending = false;
        if (made.endpoints.isOpen(endpoint)) sender.sendReady(made, endpoint);
      });
    };
    const endpoints = createEndpoints(concurrency, store, createGeneration(), sendSoon);
    const made: Work = { endpoints, inFlight: 0, unanswered: 0, ends: createVirtualEnds() };
    if (stopped) void endpoints.stop();
    return made;
  };
  let work = createWork();

  const earliestDue = (): Millis | null => {
    const happens = eventSource.nextAt();
    const due = work.endpoints.earliestDue();
    if (happens === null || due === null) return happens ?? due;
    return Math.min(happens, due);
  };

  const nextStep = (): Millis | null => {
    const step = Math.min(earliestDue() ?? Infinity, work.ends.earliest());
    return step === Infinity ? null : step;
  };

  /** Send claims, or release them if the webhook is closed meanwhile. */
  const handOver = async (to: Work, endpoint: Endpoint): Promise<void> => {
    if (to.endpoints.isOpen(endpoint)) sender.sendReady(to, endpoint);
    else if (to.endpoints.generation.state === 'active') await to.endpoints.releaseClaims(endpoint);
  };

  /** While true, the clock must not jump. */
  const isBusy = (): boolean => work.inFlight > 0 || work.endpoints.hasUnsent();

  /** Runs the event source up to now, and claims what is due and fits. */
  const take = async (): Promise<void> => {
    const at = clock.now();
    const { endpoints, ends } = work;
    ends.runDue(at);
    if (!stopped && (eventSource.nextAt() ?? Infinity) <= at) {
      await eventSource.runDue(at, eventPublisher);
      if ((steps += 1) % STEPS_PER_SLICE === 0) await nextTurn();
    }
    if (recorder.isBlocked()) return;
    let uncertain = false;
    for (const endpoint of endpoints) {
      const free = endpoints.places(endpoint);
      if (free < 1 || endpoint.nextDue > at || !endpoints.isOpen(endpoint)) continue;
      const claims = await store.claimDue(endpoint.webhook.key, at, free);
      if (claims.length < free) {
        endpoint.nextDue = Infinity;
        uncertain = true;
      }
      endpoint.ready.push(...claims);
      await handOver(work, endpoint);
    }
    if (!uncertain) return;
    // Deliveries planned while the store answers lower `nextDue` themselves.
    for (const [key, due] of await store.nextDueAt(account)) endpoints.expect(key, due);
  };

  /** Sleeps until the next attempt is due, or jumps there. */
  const sleep = async (): Promise<void> => {
    disarm?.();
    disarm = null;
    // Unblocked, it is woken.
    if (recorder.isBlocked()) return;
    const next = nextStep();
    if (clock.isHeld() || next === null || stopped) return;
    if (clock.state().mode === 'skip') {
      if (isBusy() || next <= clock.now()) return;
      await clock.moveTo(next);
      again = true;
      return;
    }
    const delay = clock.delayUntil(next);
    // What is due already waits for a free place, and is looked at when one is.
    if (delay !== null && (delay > 0 || work.inFlight === 0))
      disarm = wall.after(Math.min(delay, MAX_SLEEP_MS), wake);
  };

  const releaseWaiting = (): void => {
    const done = waiting;
    waiting = [];
    for (const resolve of done) resolve();
  };

  const isIdle = (): boolean => {
    const next = nextStep();
    return !isBusy() && (next === null || next > clock.now());
  };

  const isActive = (): boolean => work.endpoints.generation.state === 'active';

  const run = async (): Promise<void> => {
    try {
      do {
        again = false;
        await take();
        // While it is suspended, nothing is due.
        if (isActive()) await sleep();
      } while (again && isActive());
    } catch (error) {
      logger.error('The store failed. Retrying in 1 s. Cause: {error}', { error });
      again = false;
      disarm?.();
      disarm = stopped ? null : wall.after(RETRY_STORE_AFTER_MS, wake);
    }
  };

  const start = async (): Promise<void> => {
    if (!isActive()) return;
    running = run();
    await running;
    running = null;
    if (again) wake();
    if (isIdle()) releaseWaiting();
  };

  const load = async (): Promise<void> => {
    const { endpoints } = work;
    for (const webhook of await store.listWebhooks(account)) await endpoints.put(webhook);
    for (const [key, due] of await store.nextDueAt(account)) endpoints.expect(key, due);
  };

  const wakeEndpoints = (): void => {
    for (const endpoint of work.endpoints) {
      if (work.endpoints.isOpen(endpoint)) endpoint.wake();
      else void work.endpoints.releaseClaims(endpoint);
    }
    wake();
  };
  recorder.onUnblocked(() => {
    if (isActive()) wakeEndpoints();
  });

  const resume = (): void => {
    work.endpoints.generation.resume();
    recorder.resume();
    wakeEndpoints();
  };

  const discard = (): void => {
    work.endpoints.generation.discard();
    // Their attempts are cut and never finish.
    for (; work.unanswered > 0; work.unanswered -= 1) capacity.release();
  };

  return {
    inFlight: () => work.inFlight + work.ends.size(),
    attempts: sender.attempts,
    earliestDue,
    nextStep,
    wake,
    reserve: (webhook) => {
      const { endpoints } = work;
      const endpoint = endpoints.get(webhook);
      if (endpoint === undefined || !endpoints.isOpen(endpoint) || endpoints.places(endpoint) < 1)
        return false;
      // What is due already goes first.
      if (endpoint.nextDue <= clock.now()) return false;
      endpoint.reserved += 1;
      return true;
    },
    accept: async (claims) => {
      recorder.retryNow();
      const touched = new Set<Endpoint>();
      const orphans: number[] = [];
      for (const claim of claims) {
        const endpoint = work.endpoints.get(claim.webhook);
        if (endpoint === undefined) {
          orphans.push(claim.delivery);
          continue;
        }
        endpoint.reserved -= 1;
        endpoint.ready.push(claim);
        touched.add(endpoint);
      }
      if (orphans.length > 0) {
        // Their webhook went meanwhile. A failure must not reach the caller: the event is published.
        await store.release(orphans).catch((error: unknown) => {
          logger.error('Cannot return {count} deliveries of a deleted webhook: {error}', {
            count: orphans.length,
            error,
          });
        });
      }
      for (const endpoint of touched) await handOver(work, endpoint);
      if (!isBusy()) wake();
    },
    unreserve: (webhooks) => {
      for (const key of webhooks) {
        const endpoint = work.endpoints.get(key);
        if (endpoint !== undefined) endpoint.reserved -= 1;
      }
      wake();
    },
    planned: (webhook, at) => {
      work.endpoints.expect(webhook, at);
      wake();
    },
    putWebhook: async (webhook) => {
      // Nothing waits for a new one.
      if (await work.endpoints.put(webhook)) wake();
    },
    dropWebhook: async (key) => {
      const putBack = await work.endpoints.drop(key);
      wake();
      return putBack;
    },
    load: async () => {
      await load();
      wake();
    },
    replace: async (rows, rest) => {
      work.endpoints.generation.suspend();
      releaseWaiting();
      await running;
      try {
        await rows();
      } catch (error) {
        resume();
        throw error;
      }
      discard();
      work = createWork();
      work.endpoints.generation.suspend();
      try {
        await load();
        await rest();
      } finally {
        resume();
      }
    },
    pause: async (during) => {
      work.endpoints.generation.suspend();
      paused = true;
      await running;
      try {
        return await during();
      } finally {
        paused = false;
        resume();
      }
    },
    idle: () =>
      new Promise((resolve) => {
        if (!isActive() && !paused) {
          resolve();
          return;
        }
        waiting.push(resolve);
        recorder.retryNow();
        wake();
      }),
    stop: async () => {
      stopped = true;
      disarm?.();
      disarm = null;
      await work.endpoints.stop();
      wake();
    },
    abandon: () => {
      discard();
      disarm?.();
    },
  };
};

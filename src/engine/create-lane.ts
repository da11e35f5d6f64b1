/**
 * The dispatcher of one account: takes what is due on the account's clock, attempts it, plans what is next.
 * The only place that sleeps.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import type { AccountKey, Attempt, Millis, Outcome } from '../domain/delivery.ts';
import { deliveryId } from '../domain/delivery-id.ts';
import { nextAttemptAt } from '../domain/retry-plan.ts';
import { createSigner } from '../domain/signature.ts';
import { toMoment } from '../domain/time.ts';
import type { AttemptRecord, Claim } from '../storage/store.ts';
import { makeAttempt, type AttemptEnd } from './attempt.ts';
import type { Bus } from './bus.ts';
import type { Decision } from './faults/book.ts';
import { makeFaultyAttempt } from './faults/faulty-attempt.ts';
import type { Lane, LaneContext, LaneSources } from './lane.ts';
import { createSlots, type Slot } from './slots.ts';
import { targetOf } from './transport.ts';

/** What happens by itself may go on for a million steps without anything to wait for: others get their turn after so many. */
const STEPS_IN_A_ROW = 64;

/** After the store has failed to answer. Real milliseconds. */
const RETRY_STORE_AFTER_MS = 1000;

const logger = getLogger(['sendemall-mock', 'engine']);

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const isTimeout = (outcome: Outcome): boolean => outcome.startsWith('timeout_');

/** What is known of an attempt when it starts. */
interface Start {
  readonly slot: Slot;
  readonly claim: Claim;
  readonly at: Millis;
  readonly url: string;
  readonly simulated: boolean;
  /** What is made to go wrong; null for nothing. */
  readonly fault: Decision | null;
}

export const createLane = (
  account: AccountKey,
  { clock, feed, outlet, faults }: LaneSources,
  bus: Bus,
  context: LaneContext,
): Lane => {
  const { store, wall, transport, recorder, attemptTimeoutMs, concurrency } = context;
  const slots = createSlots(concurrency, store);
  let inFlight = 0;
  let attempts = 0;
  /** Grows when rows go away under what is in flight. */
  let epoch = 0;
  let scheduled = false;
  let running = false;
  let again = false;
  let steps = 0;
  let stopped = false;
  let disarm: (() => void) | null = null;
  let waiting: (() => void)[] = [];

  const tell = (
    { slot, claim }: Start,
    attempt: Attempt,
    status: AttemptRecord['status'],
  ): void => {
    const { eventId, eventType } = claim;
    const delivery = {
      id: deliveryId(claim.delivery),
      eventId,
      eventType,
      webhookId: slot.webhook.id,
    };
    bus.emit({ type: 'delivery.attempted', delivery, attempt, status });
  };

  /** @returns null when there is no next attempt */
  const plan = ({ slot, claim }: Start, outcome: Outcome, endedAt: Millis): Millis | null =>
    outcome === 'delivered' || slot.removed ? null : nextAttemptAt(claim.attempt, endedAt);

  /** Has what was delivered delivered once more. It counts as in flight until that is planned. */
  const repeat = async ({ slot, claim }: Start, { rule }: Decision): Promise<void> => {
    const born = epoch;
    inFlight += 1;
    try {
      const dueAt = clock.now();
      const again = { of: deliveryId(claim.delivery), body: null, dueAt };
      const delivery = await store.redeliver(account, { ...again, signature: 'valid' });
      if (delivery === null || born !== epoch) return;
      // The second one is marked, too, and not repeated itself.
      faults.keep(slot.webhook.key, claim.eventId, {
        name: 'duplicate',
        rule,
        holdMs: 0,
        echo: true,
      });
      slots.expect(slot.webhook.key, dueAt);
    } catch (error) {
      logger.error('A duplicate was not sent: {error}', { error });
    } finally {
      if (born === epoch) inFlight -= 1;
      wake();
    }
  };

  const finish = (start: Start, end: AttemptEnd): void => {
    const { slot, claim, at, url, simulated, fault } = start;
    const { outcome, durationMs, error, signature, response } = end;
    const instant = toMoment(at + (isTimeout(outcome) ? DELIVERY_POLICY.timeoutMs : 0));
    const endedAt = simulated ? instant : Math.max(at, clock.now());
    const nextAt = plan(start, outcome, endedAt);
    const failed = slot.removed ? 'cancelled' : nextAt === null ? 'dead' : 'pending';
    const status: AttemptRecord['status'] = outcome === 'delivered' ? 'delivered' : failed;
    const attempt: Attempt = {
      number: claim.attempt,
      startedAt: at,
      endedAt,
      durationMs,
      outcome,
      error,
      url,
      signature,
      response,
      nextAttemptAt: nextAt,
      fault: fault === null ? null : { name: fault.name, rule: fault.rule },
    };
    slot.inFlight -= 1;
    if (slot.ready.length > 0) sendSoon(slot);
    const born = epoch;
    const wanted = (): boolean => born === epoch;
    recorder.record({ delivery: claim.delivery, attempt, status }, wanted, () => {
      if (!wanted()) return;
      inFlight -= 1;
      attempts += 1;
      context.attempts.set(outcome, (context.attempts.get(outcome) ?? 0) + 1);
      if (nextAt !== null && nextAt < slot.nextDue) slot.nextDue = nextAt;
      if (bus.heard) tell(start, attempt, status);
      if (fault?.name === 'duplicate' && !fault.echo && status === 'delivered')
        void repeat(start, fault);
      wake();
    });
  };

  const send = (slot: Slot, claim: Claim): void => {
    const { webhook } = slot;
    const target = (slot.target ??= targetOf(webhook.url));
    const sign = (slot.sign ??= createSigner(webhook.secret));
    const { body, signature, dueAt } = claim;
    const simulated = clock.isSimulated();
    const fault = faults.waiting() ? faults.take(webhook.key, claim.eventId) : null;
    const at = clock.stampFor(dueAt);
    const start: Start = { slot, claim, at, url: webhook.url, simulated, fault };
    const born = epoch;
    slot.inFlight += 1;
    inFlight += 1;
    const sendable = { target, sign, body, signature };
    const done = (end: AttemptEnd): void => {
      if (born === epoch) finish(start, end);
    };
    if (fault === null) makeAttempt(transport, attemptTimeoutMs, sendable, done);
    else {
      const { name } = fault;
      const attempt = { transport, wall, timeoutMs: attemptTimeoutMs, sendable, fault: name };
      makeFaultyAttempt(attempt, done);
    }
  };

  const sendReady = (slot: Slot): void => {
    while (slot.inFlight < concurrency) {
      const claim = slot.ready.shift();
      if (claim === undefined) return;
      send(slot, claim);
    }
  };

  /**
   * Once what has been answered in this turn of the event loop has been read: requests that go out together wake the
   * receiver once, and a wake-up is dearer than a request.
   */
  const sendSoon = (slot: Slot): void => {
    if (slot.sending) return;
    slot.sending = true;
    setImmediate(() => {
      slot.sending = false;
      if (slots.takes(slot)) sendReady(slot);
    });
  };

  const earliestDue = (): Millis | null => {
    const happens = feed.nextAt();
    const due = slots.earliestDue();
    if (happens === null || due === null) return happens ?? due;
    return Math.min(happens, due);
  };

  /** Lets happen what is due, and takes what is due and fits. */
  const take = async (): Promise<void> => {
    const at = clock.now();
    if (!stopped && (feed.nextAt() ?? Infinity) <= at) {
      await feed.happen(at, outlet);
      if ((steps += 1) % STEPS_IN_A_ROW === 0) await nextTurn();
    }
    let uncertain = false;
    for (const slot of slots) {
      const free = slots.places(slot);
      if (free < 1 || slot.nextDue > at || !slots.takes(slot)) continue;
      const claims = await store.claimDue(slot.webhook.key, at, free);
      if (claims.length < free) {
        slot.nextDue = Infinity;
        uncertain = true;
      }
      slot.ready.push(...claims);
      if (slots.takes(slot)) sendReady(slot);
      else await slots.giveBack(slot);
    }
    if (!uncertain) return;
    // Whatever is planned while the store answers lowers nextDue by itself.
    for (const [key, due] of await store.nextDueAt(account)) slots.expect(key, due);
  };

  /** Sleeps until the next attempt is due, or jumps there. */
  const sleep = async (): Promise<void> => {
    disarm?.();
    disarm = null;
    const next = earliestDue();
    if (clock.isHeld() || next === null || stopped) return;
    if (clock.state().mode === 'skip') {
      if (inFlight > 0 || next <= clock.now()) return;
      await clock.moveTo(next);
      again = true;
      return;
    }
    const delay = clock.delayUntil(next);
    // What is due already waits for a free place, and is looked at when one is.
    if (delay !== null && (delay > 0 || inFlight === 0)) disarm = wall.after(delay, wake);
  };

  const settleWaiting = (): void => {
    const next = earliestDue();
    if (inFlight > 0 || (next !== null && next <= clock.now())) return;
    const done = waiting;
    waiting = [];
    for (const resolve of done) resolve();
  };

  const run = async (): Promise<void> => {
    scheduled = false;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      do {
        again = false;
        await take();
        await sleep();
      } while (again);
    } catch (error) {
      logger.error('The store does not answer, trying again in 1 s: {error}', { error });
      if (!stopped) wall.after(RETRY_STORE_AFTER_MS, wake);
    } finally {
      running = false;
    }
    settleWaiting();
  };

  // A microtask, so that the attempts of one batch free their places before new ones are taken.
  const wake = (): void => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => void run());
  };

  return {
    inFlight: () => inFlight,
    attempts: () => attempts,
    earliestDue,
    wake,
    reserve: (webhook) => {
      const slot = slots.get(webhook);
      if (slot === undefined || !slots.takes(slot) || slots.places(slot) < 1) return false;
      // What is due already goes first.
      if (slot.nextDue <= clock.now()) return false;
      slot.reserved += 1;
      return true;
    },
    accept: async (claims) => {
      const touched = new Set<Slot>();
      const homeless: number[] = [];
      for (const claim of claims) {
        const slot = slots.get(claim.webhook);
        if (slot === undefined) {
          homeless.push(claim.delivery);
          continue;
        }
        slot.reserved -= 1;
        slot.ready.push(claim);
        touched.add(slot);
      }
      if (homeless.length > 0) await store.release(homeless);
      for (const slot of touched) {
        if (slots.takes(slot)) sendReady(slot);
        else await slots.giveBack(slot);
      }
    },
    unreserve: (webhooks) => {
      for (const key of webhooks) {
        const slot = slots.get(key);
        if (slot !== undefined) slot.reserved -= 1;
      }
    },
    planned: (webhook, at) => {
      slots.expect(webhook, at);
      wake();
    },
    putWebhook: async (webhook) => {
      // Nothing waits for a new one.
      if (await slots.put(webhook)) wake();
    },
    dropWebhook: async (key) => {
      await slots.drop(key);
      wake();
    },
    reload: async () => {
      epoch += 1;
      inFlight = 0;
      slots.clear();
      for (const webhook of await store.listWebhooks(account)) await slots.put(webhook);
      for (const [key, due] of await store.nextDueAt(account)) slots.expect(key, due);
      wake();
    },
    idle: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        wake();
      }),
    stop: async () => {
      stopped = true;
      disarm?.();
      await slots.stop();
      wake();
    },
    abandon: () => {
      epoch += 1;
    },
  };
};

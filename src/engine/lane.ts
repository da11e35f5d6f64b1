/**
 * The dispatcher of one account: takes what is due on the account's clock, attempts it, plans what is next.
 * The only place that sleeps.
 *
 * @module
 */
import type { KeyObject } from 'node:crypto';
import { getLogger } from '@logtape/logtape';
import { DELIVERY_POLICY } from '../../schemas/contract.ts';
import type { ClockState, WallClock } from '../clock/port.ts';
import { movedTo, virtualNow, wallDelayUntil } from '../clock/virtual.ts';
import type {
  AccountKey,
  Attempt,
  Millis,
  Outcome,
  Webhook,
  WebhookKey,
} from '../domain/delivery.ts';
import { deliveryId } from '../domain/delivery-id.ts';
import { nextAttemptAt } from '../domain/retry-plan.ts';
import { signingKey } from '../domain/signature.ts';
import type { AttemptRecord, Claim, Store } from '../storage/store.ts';
import { makeAttempt, type AttemptEnd } from './attempt.ts';
import type { Bus } from './bus.ts';
import type { Recorder } from './recorder.ts';
import { targetOf, type Target, type Transport } from './transport.ts';

/** What all lanes of one engine share. */
export interface LaneContext {
  readonly store: Store;
  readonly wall: WallClock;
  readonly transport: Transport;
  readonly recorder: Recorder;
  /** Real milliseconds that one attempt may take. */
  readonly attemptTimeoutMs: Millis;
  /** Attempts in flight per webhook at the most. */
  readonly concurrency: number;
  /** Attempts made, counted by outcome. */
  readonly attempts: Map<Outcome, number>;
}

/**
 * On a scaled clock an attempt is stamped with its due time as long as real time is not further behind than this:
 * the simulation is paced by real time, not measured by it.
 */
const PACING_SLACK_MS = 50;
const RETRY_STORE_AFTER_MS = 1000;

const logger = getLogger(['sendemall-mock', 'engine']);

/** A webhook at work. */
interface Slot {
  webhook: Webhook;
  target: Target;
  key: KeyObject;
  /** Never later than the due time of the oldest pending delivery; Infinity when none waits. */
  nextDue: Millis;
  /** Taken, and sent as soon as a place is free: the receiver never waits for the store. */
  ready: Claim[];
  /** Places kept for what is being published. */
  reserved: number;
  inFlight: number;
  removed: boolean;
}

export interface Lane {
  now(): Millis;
  state(): ClockState;
  inFlight(): number;
  attempts(): number;
  /** Due time of the next attempt of an active webhook; null when none waits. */
  earliestDue(): Millis | null;
  /** Something may be due: look, soon. */
  wake(): void;
  /** Keeps a place for a delivery that is due now and about to be published; false when it must wait its turn. */
  reserve(webhook: WebhookKey): boolean;
  /** Fills the places that were kept with what was published. */
  accept(claims: readonly Claim[]): Promise<void>;
  /** Gives kept places back. */
  unreserve(webhooks: Iterable<WebhookKey>): void;
  /** A delivery of this webhook is due at `at`. */
  planned(webhook: WebhookKey, at: Millis): void;
  putWebhook(webhook: Webhook): Promise<void>;
  /** To be called before the store cancels what waits for it. */
  dropWebhook(key: WebhookKey): Promise<void>;
  /** Forgets all webhooks and all attempts in flight: their rows are gone. Then reads what is there now. */
  reload(): Promise<void>;
  /** Changes the clock and plans anew at once. */
  setState(clock: ClockState): Promise<void>;
  /** Takes the clock out of real time: it shows `at` until {@link Lane.letGo}. */
  hold(at: Millis): Promise<void>;
  letGo(): Promise<void>;
  /** Resolves when nothing is in flight and nothing is due. */
  idle(): Promise<void>;
  /** Sends nothing any more. */
  stop(): Promise<void>;
  /** Writes nothing down any more: what is in flight now is attempted again after the next start. */
  abandon(): void;
}

const isTimeout = (outcome: Outcome): boolean => outcome.startsWith('timeout_');

export const createLane = (
  account: AccountKey,
  initialClock: ClockState,
  bus: Bus,
  context: LaneContext,
): Lane => {
  const { store, wall, transport, recorder, attemptTimeoutMs, concurrency } = context;
  let slots = new Map<WebhookKey, Slot>();
  let clock = initialClock;
  let held: Millis | null = null;
  /** Sent, and not written down yet. */
  let inFlight = 0;
  let attempts = 0;
  let epoch = 0;
  let scheduled = false;
  let running = false;
  let again = false;
  let stopped = false;
  let disarm: (() => void) | null = null;
  let waiting: (() => void)[] = [];

  const now = (): Millis => held ?? virtualNow(clock, wall.now());

  const earliestDue = (): Millis | null => {
    let earliest = Infinity;
    for (const slot of slots.values()) {
      if (slot.webhook.status === 'active') earliest = Math.min(earliest, slot.nextDue);
    }
    return earliest === Infinity || stopped ? null : earliest;
  };

  const finish = (
    slot: Slot,
    claim: Claim,
    startedAt: Millis,
    simulated: boolean,
    end: AttemptEnd,
  ): void => {
    const instant = startedAt + (isTimeout(end.outcome) ? DELIVERY_POLICY.timeoutMs : 0);
    const endedAt = simulated ? instant : Math.max(startedAt, now());
    const planned =
      end.outcome === 'delivered' || slot.removed ? null : nextAttemptAt(claim.attempt, endedAt);
    const failed = slot.removed ? 'cancelled' : planned === null ? 'dead' : 'pending';
    const status: AttemptRecord['status'] = end.outcome === 'delivered' ? 'delivered' : failed;
    const attempt: Attempt = {
      number: claim.attempt,
      startedAt,
      endedAt,
      durationMs: end.durationMs,
      outcome: end.outcome,
      error: end.error,
      url: slot.webhook.url,
      signature: end.signature,
      response: end.response,
      nextAttemptAt: planned,
    };
    const born = epoch;
    const wanted = (): boolean => born === epoch;
    slot.inFlight -= 1;
    if (slot.ready.length > 0) startReady(slot);
    recorder.record({ delivery: claim.delivery, attempt, status }, wanted, () => {
      if (!wanted()) return;
      inFlight -= 1;
      attempts += 1;
      context.attempts.set(end.outcome, (context.attempts.get(end.outcome) ?? 0) + 1);
      if (planned !== null && planned < slot.nextDue) slot.nextDue = planned;
      if (bus.heard) {
        const { eventId, eventType } = claim;
        const delivery = {
          id: deliveryId(claim.delivery),
          eventId,
          eventType,
          webhookId: slot.webhook.id,
        };
        bus.emit({ type: 'delivery.attempted', delivery, attempt, status });
      }
      wake();
    });
  };

  const start = (slot: Slot, claim: Claim, at: Millis): void => {
    const simulated = held !== null || clock.mode !== 'realtime';
    const paced = held === null && clock.mode === 'scaled';
    const onTime = paced && (at - claim.dueAt) / clock.rate <= PACING_SLACK_MS;
    const startedAt = onTime ? claim.dueAt : at;
    const born = epoch;
    slot.inFlight += 1;
    inFlight += 1;
    const { target, key } = slot;
    const { body, signature } = claim;
    makeAttempt(transport, attemptTimeoutMs, { target, key, body, signature }, (end) => {
      if (born === epoch) finish(slot, claim, startedAt, simulated, end);
    });
  };

  const takes = ({ webhook, removed }: Slot): boolean =>
    webhook.status === 'active' && !removed && !stopped;

  /** How many more a slot takes: those in flight, and as many again that are ready for the next free place. */
  const places = ({ inFlight: sent, ready, reserved }: Slot): number =>
    2 * concurrency - sent - ready.length - reserved;

  /** What was taken and not sent waits in the store again. */
  const giveBack = async (slot: Slot): Promise<void> => {
    const claims = slot.ready;
    slot.ready = [];
    for (const { dueAt } of claims) slot.nextDue = Math.min(slot.nextDue, dueAt);
    if (claims.length > 0) await store.release(claims.map(({ delivery }) => delivery));
  };

  const startReady = (slot: Slot): void => {
    const at = now();
    while (slot.inFlight < concurrency) {
      const claim = slot.ready.shift();
      if (claim === undefined) return;
      start(slot, claim, at);
    }
  };

  /** Takes what is due and fits. */
  const take = async (): Promise<void> => {
    const at = now();
    let uncertain = false;
    for (const slot of slots.values()) {
      const free = places(slot);
      if (free < 1 || slot.nextDue > at || !takes(slot)) continue;
      const claims = await store.claimDue(slot.webhook.key, at, free);
      if (claims.length < free) {
        slot.nextDue = Infinity;
        uncertain = true;
      }
      slot.ready.push(...claims);
      if (takes(slot)) startReady(slot);
      else await giveBack(slot);
    }
    if (!uncertain) return;
    // Whatever is planned while the store answers lowers nextDue by itself.
    for (const [key, due] of await store.nextDueAt(account)) {
      const slot = slots.get(key);
      if (slot !== undefined && due < slot.nextDue) slot.nextDue = due;
    }
  };

  const save = (): Promise<void> => store.saveClock(account, clock);

  const moveTo = async (at: Millis): Promise<void> => {
    clock = movedTo(clock, at, wall.now());
    await save();
  };

  /** Sleeps until the next attempt is due, or jumps there. */
  const sleep = async (): Promise<void> => {
    disarm?.();
    disarm = null;
    const next = earliestDue();
    if (stopped || held !== null || next === null) return;
    if (clock.mode === 'skip') {
      if (inFlight > 0 || next <= now()) return;
      await moveTo(next);
      again = true;
      return;
    }
    const delay = wallDelayUntil(clock, next, wall.now());
    // What is due already waits for a free place, and is looked at when one is.
    if (delay !== null && (delay > 0 || inFlight === 0)) disarm = wall.after(delay, wake);
  };

  const settleWaiting = (): void => {
    const next = earliestDue();
    if (inFlight > 0 || (next !== null && next <= now())) return;
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
      wall.after(RETRY_STORE_AFTER_MS, wake);
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

  const putWebhook = async (webhook: Webhook): Promise<void> => {
    const slot = slots.get(webhook.key);
    const changes = { webhook, target: targetOf(webhook.url), key: signingKey(webhook.secret) };
    if (slot === undefined) {
      slots.set(webhook.key, {
        ...changes,
        nextDue: Infinity,
        ready: [],
        reserved: 0,
        inFlight: 0,
        removed: false,
      });
    } else {
      Object.assign(slot, changes);
      if (!takes(slot)) await giveBack(slot);
    }
    wake();
  };

  return {
    now,
    state: () => clock,
    inFlight: () => inFlight,
    attempts: () => attempts,
    earliestDue,
    wake,
    putWebhook,
    reserve: (webhook) => {
      const slot = slots.get(webhook);
      // What is due already goes first.
      if (slot === undefined || !takes(slot) || slot.nextDue <= now() || places(slot) < 1)
        return false;
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
        if (takes(slot)) startReady(slot);
        else await giveBack(slot);
      }
    },
    unreserve: (webhooks) => {
      for (const key of webhooks) {
        const slot = slots.get(key);
        if (slot !== undefined) slot.reserved -= 1;
      }
    },
    planned: (webhook, at) => {
      const slot = slots.get(webhook);
      if (slot !== undefined && at < slot.nextDue) slot.nextDue = at;
      wake();
    },
    dropWebhook: async (key) => {
      const slot = slots.get(key);
      if (slot === undefined) return;
      slot.removed = true;
      slots.delete(key);
      await giveBack(slot);
      wake();
    },
    reload: async () => {
      epoch += 1;
      inFlight = 0;
      slots = new Map();
      for (const webhook of await store.listWebhooks(account)) await putWebhook(webhook);
      for (const [key, due] of await store.nextDueAt(account)) {
        const slot = slots.get(key);
        if (slot !== undefined) slot.nextDue = due;
      }
      wake();
    },
    setState: async (next) => {
      clock = next;
      await save();
      wake();
    },
    hold: async (at) => {
      held = at;
      await moveTo(at);
    },
    letGo: async () => {
      if (held !== null) clock = movedTo(clock, held, wall.now());
      held = null;
      await save();
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
      for (const slot of slots.values()) await giveBack(slot);
      wake();
    },
    abandon: () => {
      epoch += 1;
    },
  };
};

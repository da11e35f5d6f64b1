/**
 * The webhooks of one account at work: what each has in flight, what is ready for it, when more is due.
 *
 * @module
 */
import type { Millis, Webhook, WebhookKey } from '../domain/delivery.ts';
import type { Signer } from '../domain/signature.ts';
import type { Claim, QueueStore } from '../storage/store.ts';
import type { Target } from './transport.ts';

export interface Slot {
  webhook: Webhook;
  /** Both are made when something is first sent. */
  target: Target | null;
  sign: Signer | null;
  /** Never later than the due time of the oldest pending delivery; Infinity when none waits. */
  nextDue: Millis;
  /** Taken, and sent as soon as a place is free: the receiver never waits for the store. */
  ready: Claim[];
  /** Places kept for what is being published. */
  reserved: number;
  /** Sent, and not answered yet. */
  inFlight: number;
  removed: boolean;
  /** What is ready goes out at the end of this turn of the event loop. */
  sending: boolean;
}

export interface Slots extends Iterable<Slot> {
  get(key: WebhookKey): Slot | undefined;
  /** Whether anything is sent to this webhook now. */
  takes(slot: Slot): boolean;
  /** How many more a slot takes: those in flight, and as many again to be ready for the next free place. */
  places(slot: Slot): number;
  /** Due time of the next attempt of an active webhook; null when none waits. */
  earliestDue(): Millis | null;
  /** Something of this webhook is due at `at`. */
  expect(key: WebhookKey, at: Millis): void;
  /** What was taken and not sent waits in the store again. */
  giveBack(slot: Slot): Promise<void>;
  /** @returns whether it was there before */
  put(webhook: Webhook): Promise<boolean>;
  drop(key: WebhookKey): Promise<void>;
  clear(): void;
  /** Sends nothing any more. */
  stop(): Promise<void>;
}

export const createSlots = (concurrency: number, store: Pick<QueueStore, 'release'>): Slots => {
  const slots = new Map<WebhookKey, Slot>();
  let stopped = false;

  const takes = ({ webhook, removed }: Slot): boolean =>
    webhook.status === 'active' && !removed && !stopped;

  const giveBack = async (slot: Slot): Promise<void> => {
    const claims = slot.ready;
    slot.ready = [];
    for (const { dueAt } of claims) slot.nextDue = Math.min(slot.nextDue, dueAt);
    if (claims.length > 0) await store.release(claims.map(({ delivery }) => delivery));
  };

  return {
    [Symbol.iterator]: () => slots.values(),
    get: (key) => slots.get(key),
    takes,
    places: ({ inFlight, ready, reserved }) => 2 * concurrency - inFlight - ready.length - reserved,
    earliestDue: () => {
      let earliest = Infinity;
      for (const slot of slots.values()) {
        if (takes(slot) && slot.nextDue < earliest) earliest = slot.nextDue;
      }
      return earliest === Infinity ? null : earliest;
    },
    expect: (key, at) => {
      const slot = slots.get(key);
      if (slot !== undefined && at < slot.nextDue) slot.nextDue = at;
    },
    giveBack,
    put: async (webhook) => {
      const slot = slots.get(webhook.key);
      if (slot === undefined) {
        slots.set(webhook.key, {
          webhook,
          target: null,
          sign: null,
          nextDue: Infinity,
          ready: [],
          reserved: 0,
          inFlight: 0,
          removed: false,
          sending: false,
        });
        return false;
      }
      Object.assign(slot, { webhook, target: null, sign: null });
      if (!takes(slot)) await giveBack(slot);
      return true;
    },
    drop: async (key) => {
      const slot = slots.get(key);
      if (slot === undefined) return;
      slot.removed = true;
      slots.delete(key);
      await giveBack(slot);
    },
    clear: () => slots.clear(),
    stop: async () => {
      stopped = true;
      for (const slot of slots.values()) await giveBack(slot);
    },
  };
};

/**
 * The webhooks of one account at work, for one generation: what each has in flight, what is ready for it, when more is
 * due.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { Millis, Webhook, WebhookKey } from '../../domain/delivery.ts';
import type { Signer } from '../../signature/sign.ts';
import type { Claim, QueueStore } from '../../storage/store.ts';
import type { Generation } from './generation.ts';
import type { Target } from '../delivery/transport.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Slot {
  webhook: Webhook;
  /** Both are made when something is first sent. */
  target: Target | null;
  sign: Signer | null;
  /** Never later than the due time of the oldest pending delivery; Infinity when none waits. */
  nextDue: Millis;
  /** Claimed, and sent as soon as a place is free: the receiver never waits for the store. */
  ready: Claim[];
  /** Places kept for what is being published. */
  reserved: number;
  /** Sent, and not answered yet. */
  inFlight: number;
  removed: boolean;
  /** What is ready goes out at the end of this turn of the event loop. */
  sending: boolean;
  /** Has what is ready sent soon; one function per slot, so that it can wait in a set. */
  readonly wake: () => void;
}

export interface Slots extends Iterable<Slot> {
  readonly generation: Generation;
  get(key: WebhookKey): Slot | undefined;
  /** Whether anything is sent to this webhook now. */
  takes(slot: Slot): boolean;
  /** How many more a slot takes: those in flight, and as many again to be ready for the next free place. */
  places(slot: Slot): number;
  /** Due time of the next attempt of an active webhook; null when none waits. */
  earliestDue(): Millis | null;
  /** Whether something is about to be sent: claimed and waiting for its turn, or being published. */
  hasUnsent(): boolean;
  /** Something of this webhook is due at `at`. */
  expect(key: WebhookKey, at: Millis): void;
  /** Returns claims that were not sent to the store. @returns false when the store failed: the claims are kept */
  giveBack(slot: Slot): Promise<boolean>;
  /** @returns whether it was there before */
  put(webhook: Webhook): Promise<boolean>;
  /** Throws when the store fails; then nothing has changed. @returns the function that puts it back */
  drop(key: WebhookKey): Promise<() => void>;
  /** Sends nothing any more. */
  stop(): Promise<void>;
}

export const createSlots = (
  concurrency: number,
  store: Pick<QueueStore, 'release'>,
  generation: Generation,
  sendSoon: (slot: Slot) => void,
): Slots => {
  const slots = new Map<WebhookKey, Slot>();
  let stopped = false;

  const takes = ({ webhook, removed }: Slot): boolean =>
    webhook.status === 'active' && !removed && !stopped && generation.state === 'active';

  const giveBack = async (slot: Slot): Promise<boolean> => {
    const claims = slot.ready;
    // What belongs to a discarded generation is not in the store any more.
    if (claims.length === 0 || generation.state === 'discarded') return true;
    slot.ready = [];
    try {
      await store.release(claims.map(({ delivery }) => delivery));
    } catch (error) {
      slot.ready.unshift(...claims);
      logger.error('Cannot return {count} claims: {error}', { count: claims.length, error });
      return false;
    }
    for (const { dueAt } of claims) slot.nextDue = Math.min(slot.nextDue, dueAt);
    return true;
  };

  const add = (webhook: Webhook): void => {
    const slot: Slot = {
      webhook,
      target: null,
      sign: null,
      nextDue: Infinity,
      ready: [],
      reserved: 0,
      inFlight: 0,
      removed: false,
      sending: false,
      wake: () => sendSoon(slot),
    };
    slots.set(webhook.key, slot);
  };

  return {
    [Symbol.iterator]: () => slots.values(),
    generation,
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
    hasUnsent: () => {
      for (const slot of slots.values()) {
        if ((slot.ready.length > 0 || slot.reserved > 0) && takes(slot)) return true;
      }
      return false;
    },
    expect: (key, at) => {
      const slot = slots.get(key);
      if (slot !== undefined && at < slot.nextDue) slot.nextDue = at;
    },
    giveBack,
    put: async (webhook) => {
      const slot = slots.get(webhook.key);
      if (slot === undefined) {
        add(webhook);
        return false;
      }
      Object.assign(slot, { webhook, target: null, sign: null });
      if (takes(slot)) slot.wake();
      else await giveBack(slot);
      return true;
    },
    drop: async (key) => {
      const slot = slots.get(key);
      if (slot === undefined) return () => undefined;
      const putBack = (): void => {
        slot.removed = false;
        slots.set(key, slot);
        slot.wake();
      };
      slot.removed = true;
      slots.delete(key);
      if (await giveBack(slot)) return putBack;
      putBack();
      throw new Error('the store did not take back what waits for this webhook');
    },
    stop: async () => {
      stopped = true;
      for (const slot of slots.values()) await giveBack(slot);
    },
  };
};

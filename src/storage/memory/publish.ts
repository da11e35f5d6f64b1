/**
 * Adds events and deliveries. Everything that can fail is checked before anything changes.
 *
 * @module
 */
import type { Millis, SignatureMode, WebhookKey } from '../../domain/delivery.ts';
import { deliveryId, deliveryKey, rowKey } from '../../domain/delivery-id.ts';
import type { HistoryStore, NewEvent, QueueStore } from '../store.ts';
import {
  keyOf,
  NO_ATTEMPTS,
  type AccountData,
  type DeliveryEntry,
  type EventEntry,
  type WebhookEntry,
} from './entries.ts';
import { dataOf, deliveryAt, type State } from './state.ts';

/** Adds all events, or none. @returns null, or the duplicate id */
const addEvents = (data: AccountData, events: readonly NewEvent[]): string | null => {
  const eventsById = (data.eventsById ??= new Map());
  const before = data.events.length;
  let { nextEvent, nextDelivery } = data;
  for (const { event, deliveries } of events) {
    const { id, type, createdAt, body } = event;
    if (eventsById.has(id)) {
      for (const added of data.events.splice(before)) eventsById.delete(added.id);
      return id;
    }
    const entry: EventEntry = {
      number: nextEvent,
      id,
      type,
      createdAt,
      body,
      firstDelivery: nextDelivery,
      deliveries: deliveries.length,
      redeliveries: null,
    };
    nextEvent += 1;
    nextDelivery += deliveries.length;
    eventsById.set(id, entry);
    data.events.push(entry);
  }
  data.nextEvent = nextEvent;
  return null;
};

/** A delivery to add. */
interface Addition {
  readonly event: EventEntry;
  readonly webhook: WebhookEntry;
  readonly createdAt: Millis;
  readonly dueAt: Millis;
  /** Whether it is in flight at once. */
  readonly claimed: boolean;
  /** Null for the first delivery of an event. */
  readonly redelivery: {
    readonly of: number;
    readonly signature: SignatureMode;
    readonly body: string | null;
  } | null;
}

const addDelivery = (data: AccountData, addition: Addition): DeliveryEntry => {
  const { event, webhook, createdAt, dueAt, claimed, redelivery } = addition;
  const delivery: DeliveryEntry = {
    number: data.nextDelivery,
    event,
    webhook,
    status: claimed ? 'in_flight' : 'pending',
    attemptsMade: 0,
    createdAt,
    dueAt,
    settledAt: null,
    acknowledgedAt: null,
    redeliveryOf: redelivery === null ? null : redelivery.of,
    signature: redelivery === null ? null : redelivery.signature,
    body: redelivery === null ? null : redelivery.body,
    attempts: NO_ATTEMPTS,
  };
  data.nextDelivery += 1;
  data.deliveries.push(delivery);
  data.tally[delivery.status] += 1;
  if (!claimed) webhook.due.push(delivery);
  return delivery;
};

/** @throws if the account has no webhook with this key */
const webhookOf = (state: State, data: AccountData, key: WebhookKey): WebhookEntry => {
  const webhook = state.webhooks.get(key);
  if (webhook?.data !== data) throw new Error(`Unknown webhook key ${key}.`);
  return webhook;
};

export const createPublish =
  (state: State): QueueStore['publish'] =>
  async (account, events, emitted) => {
    const data = dataOf(state, account);
    for (const { deliveries } of events) {
      for (const { webhook } of deliveries) webhookOf(state, data, webhook);
    }
    const first = data.events.length;
    const duplicateId = addEvents(data, events);
    if (duplicateId !== null) return { duplicateId };
    if (emitted !== undefined) data.emitted = emitted;
    const keys: number[] = [];
    for (let index = 0; index < events.length; index += 1) {
      const event = data.events[first + index] as EventEntry;
      const { createdAt } = event;
      for (const { webhook: key, dueAt, claimed } of (events[index] as NewEvent).deliveries) {
        const webhook = webhookOf(state, data, key);
        const addition = { event, webhook, createdAt, dueAt, claimed, redelivery: null };
        keys.push(rowKey(account, addDelivery(data, addition).number));
      }
    }
    return { duplicateId: null, deliveries: keys };
  };

export const createRedeliver =
  (state: State, { getDelivery }: Pick<HistoryStore, 'getDelivery'>): QueueStore['redeliver'] =>
  async (account, { of, body, signature, dueAt }) => {
    const key = deliveryKey(account, of);
    const original = key === null ? undefined : deliveryAt(state, key);
    if (original === undefined || original.webhook.deletedAt !== null) return null;
    const { event, webhook, number } = original;
    const delivery = addDelivery(dataOf(state, account), {
      event,
      webhook,
      createdAt: dueAt,
      dueAt,
      claimed: false,
      redelivery: { of: number, signature, body: body ?? original.body },
    });
    (event.redeliveries ??= []).push(delivery);
    return getDelivery(account, deliveryId(keyOf(delivery)));
  };

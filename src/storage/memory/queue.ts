/**
 * The hot path: publish, claim, record. Everything that can fail is checked before anything changes.
 *
 * @module
 */
import type { Attempt, Millis, WebhookKey } from '../../domain/delivery.ts';
import { deliveryId, deliveryKey, rowKey } from '../../domain/delivery-id.ts';
import type { AttemptRecord, Claim, HistoryStore, NewEvent, QueueStore } from '../store.ts';
import { addDeadEvent } from './dead-letters.ts';
import {
  returnToQueue,
  keyOf,
  setStatus,
  NO_ATTEMPTS,
  settle,
  type DeliveryEntry,
  type EventEntry,
  type AccountData,
  type WebhookEntry,
} from './entries.ts';
import { deliveryAt, dataOf, type State } from './state.ts';

const claim = (delivery: DeliveryEntry): Claim => {
  const { webhook, event } = delivery;
  setStatus(delivery, 'in_flight');
  return {
    delivery: keyOf(delivery),
    account: webhook.data.account,
    webhook: webhook.webhook.key,
    eventId: event.id,
    eventType: event.type,
    body: delivery.body ?? event.body,
    signature: delivery.signature ?? 'valid',
    attempt: delivery.attemptsMade + 1,
    dueAt: delivery.dueAt ?? 0,
  };
};

const applyAttempt = (delivery: DeliveryEntry, { attempt, status }: AttemptRecord): void => {
  const { webhook, event } = delivery;
  const isRetried = status === 'pending' && webhook.deletedAt === null;
  delivery.attemptsMade = attempt.number;
  const stored: Attempt =
    isRetried || attempt.nextAttemptAt === null ? attempt : { ...attempt, nextAttemptAt: null };
  delivery.attempts = delivery.attempts.length === 0 ? [stored] : [...delivery.attempts, stored];
  if (isRetried) {
    setStatus(delivery, 'pending');
    delivery.dueAt = attempt.nextAttemptAt;
    webhook.due.push(delivery);
    return;
  }
  settle(delivery, status === 'pending' ? 'cancelled' : status, attempt.endedAt);
  if (status === 'dead') addDeadEvent(webhook, event);
};

/** Finds the delivery that a record belongs to: it is in flight, and this is its next attempt. */
const findMatching = (
  state: State,
  { delivery: key, attempt }: AttemptRecord,
): DeliveryEntry | null => {
  const delivery = deliveryAt(state, key);
  const matches = delivery?.status === 'in_flight' && delivery.attemptsMade === attempt.number - 1;
  return matches ? delivery : null;
};

/** Adds all events, or none. @returns null, or the duplicate id */
const addEvents = (data: AccountData, events: readonly NewEvent[]): string | null => {
  const { eventsById } = data;
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

interface Addition {
  readonly event: EventEntry;
  readonly webhook: WebhookEntry;
  readonly dueAt: Millis;
  readonly claimed: boolean;
}

const addDelivery = (data: AccountData, { event, webhook, dueAt, claimed }: Addition): number => {
  const delivery: DeliveryEntry = {
    number: data.nextDelivery,
    event,
    webhook,
    status: claimed ? 'in_flight' : 'pending',
    attemptsMade: 0,
    createdAt: event.createdAt,
    dueAt,
    settledAt: null,
    acknowledgedAt: null,
    redeliveryOf: null,
    signature: null,
    body: null,
    attempts: NO_ATTEMPTS,
  };
  data.nextDelivery += 1;
  data.deliveries.push(delivery);
  data.tally[delivery.status] += 1;
  if (!claimed) webhook.due.push(delivery);
  return rowKey(data.account, delivery.number);
};

/** Releases everything that is in flight. Only a caller that does not trust its own claims needs it: nothing survives a crash. */
const recoverAll = ({ accounts }: State): number => {
  let recovered = 0;
  for (const { data } of accounts) {
    if (data.tally.in_flight === 0) continue;
    for (const delivery of data.deliveries) {
      if (delivery.status !== 'in_flight') continue;
      returnToQueue(delivery);
      recovered += 1;
    }
  }
  return recovered;
};

export const createQueue = (
  state: State,
  { getDelivery }: Pick<HistoryStore, 'getDelivery'>,
): QueueStore => {
  const webhookOf = (data: AccountData, key: WebhookKey): WebhookEntry => {
    const webhook = state.webhooks.get(key);
    if (webhook?.data !== data) throw new Error(`Unknown webhook key ${key}.`);
    return webhook;
  };
  return {
    publish: async (account, events, emitted) => {
      const data = dataOf(state, account);
      for (const { deliveries } of events) {
        for (const { webhook } of deliveries) webhookOf(data, webhook);
      }
      const first = data.events.length;
      const duplicateId = addEvents(data, events);
      if (duplicateId !== null) return { duplicateId };
      if (emitted !== undefined) data.emitted = emitted;
      const keys: number[] = [];
      for (let index = 0; index < events.length; index += 1) {
        const event = data.events[first + index] as EventEntry;
        for (const planned of (events[index] as NewEvent).deliveries) {
          const webhook = webhookOf(data, planned.webhook);
          const { dueAt, claimed } = planned;
          keys.push(addDelivery(data, { event, webhook, dueAt, claimed }));
        }
      }
      return { duplicateId: null, deliveries: keys };
    },

    redeliver: async (account, { of, body, signature, dueAt }) => {
      const key = deliveryKey(account, of);
      const repeated = key === null ? undefined : deliveryAt(state, key);
      if (repeated === undefined || repeated.webhook.deletedAt !== null) return null;
      const data = dataOf(state, account);
      const { event, webhook } = repeated;
      const delivery: DeliveryEntry = {
        number: data.nextDelivery,
        event,
        webhook,
        status: 'pending',
        attemptsMade: 0,
        createdAt: dueAt,
        dueAt,
        settledAt: null,
        acknowledgedAt: null,
        redeliveryOf: repeated.number,
        signature,
        body: body ?? repeated.body,
        attempts: NO_ATTEMPTS,
      };
      data.nextDelivery += 1;
      data.deliveries.push(delivery);
      (event.redeliveries ??= []).push(delivery);
      data.tally.pending += 1;
      webhook.due.push(delivery);
      return getDelivery(account, deliveryId(keyOf(delivery)));
    },

    claimDue: async (key, now, limit) => {
      const claims: Claim[] = [];
      const due = state.webhooks.get(key)?.due;
      if (due === undefined) return claims;
      while (claims.length < limit) {
        const next = due.peek();
        if (next === undefined || (next.dueAt ?? 0) > now) break;
        due.pop();
        claims.push(claim(next));
      }
      return claims;
    },

    nextDueAt: async (account) => {
      const next = new Map<WebhookKey, Millis>();
      for (const { webhook, deletedAt, due } of dataOf(state, account).webhooks.values()) {
        const dueAt = deletedAt === null ? due.peek()?.dueAt : null;
        if (dueAt !== undefined && dueAt !== null) next.set(webhook.key, dueAt);
      }
      return next;
    },

    recordAttempts: async (records) => {
      const refused: AttemptRecord[] = [];
      for (const record of records) {
        const delivery = findMatching(state, record);
        if (delivery === null) refused.push(record);
        else applyAttempt(delivery, record);
      }
      return refused;
    },

    release: async (keys) => {
      for (const key of keys) {
        const delivery = deliveryAt(state, key);
        if (delivery?.status === 'in_flight') returnToQueue(delivery);
      }
    },

    recover: async () => recoverAll(state),
  };
};

/**
 * The hot path: publish, claim, record. What can fail is looked at before anything is changed.
 *
 * @module
 */
import type { Attempt, Millis, WebhookKey } from '../../domain/delivery.ts';
import { deliveryId, deliveryKey, rowKey } from '../../domain/delivery-id.ts';
import type { AttemptRecord, Claim, HistoryStore, NewEvent, QueueStore } from '../store.ts';
import { recoverAll } from './accounts.ts';
import { addDead } from './dead-letters.ts';
import {
  giveBack,
  keyOf,
  move,
  NO_ATTEMPTS,
  settle,
  type DeliveryRecord,
  type EventRecord,
  type Home,
  type WebhookRecord,
} from './records.ts';
import { deliveryAt, homeOf, type State } from './state.ts';

const claim = (delivery: DeliveryRecord): Claim => {
  const { webhook, event } = delivery;
  move(delivery, 'in_flight');
  return {
    delivery: keyOf(delivery),
    account: webhook.home.account,
    webhook: webhook.webhook.key,
    eventId: event.id,
    eventType: event.type,
    body: delivery.body ?? event.body,
    signature: delivery.signature ?? 'valid',
    attempt: delivery.attemptsMade + 1,
    dueAt: delivery.dueAt ?? 0,
  };
};

const write = (delivery: DeliveryRecord, { attempt, status }: AttemptRecord): void => {
  const { webhook, event } = delivery;
  const waits = status === 'pending' && webhook.deletedAt === null;
  delivery.attemptsMade = attempt.number;
  const kept: Attempt =
    waits || attempt.nextAttemptAt === null ? attempt : { ...attempt, nextAttemptAt: null };
  delivery.attempts = delivery.attempts.length === 0 ? [kept] : [...delivery.attempts, kept];
  if (waits) {
    move(delivery, 'pending');
    delivery.dueAt = attempt.nextAttemptAt;
    webhook.due.push(delivery);
    return;
  }
  settle(delivery, status === 'pending' ? 'cancelled' : status, attempt.endedAt);
  if (status === 'dead') addDead(webhook, event);
};

/** The delivery that a record fits: in flight, and this is its next attempt. */
const fitting = (
  state: State,
  { delivery: key, attempt }: AttemptRecord,
): DeliveryRecord | null => {
  const delivery = deliveryAt(state, key);
  const fits = delivery?.status === 'in_flight' && delivery.attemptsMade === attempt.number - 1;
  return fits ? delivery : null;
};

/** Keeps the events. @returns null, or the id that is taken: then none is kept */
const addEvents = (home: Home, events: readonly NewEvent[]): string | null => {
  const { eventsById } = home;
  const kept = home.events.length;
  let { nextEvent, nextDelivery } = home;
  for (const { event, deliveries } of events) {
    const { id, type, createdAt, body } = event;
    if (eventsById.has(id)) {
      for (const made of home.events.splice(kept)) eventsById.delete(made.id);
      return id;
    }
    const record: EventRecord = {
      number: nextEvent,
      id,
      type,
      createdAt,
      body,
      firstDelivery: nextDelivery,
      deliveries: deliveries.length,
      again: null,
    };
    nextEvent += 1;
    nextDelivery += deliveries.length;
    eventsById.set(id, record);
    home.events.push(record);
  }
  home.nextEvent = nextEvent;
  return null;
};

interface Addition {
  readonly event: EventRecord;
  readonly webhook: WebhookRecord;
  readonly dueAt: Millis;
  readonly taken: boolean;
}

const addDelivery = (home: Home, { event, webhook, dueAt, taken }: Addition): number => {
  const delivery: DeliveryRecord = {
    number: home.nextDelivery,
    event,
    webhook,
    status: taken ? 'in_flight' : 'pending',
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
  home.nextDelivery += 1;
  home.deliveries.push(delivery);
  home.tally[delivery.status] += 1;
  if (!taken) webhook.due.push(delivery);
  return rowKey(home.account, delivery.number);
};

export const createQueue = (
  state: State,
  { getDelivery }: Pick<HistoryStore, 'getDelivery'>,
): QueueStore => {
  const webhookOf = (home: Home, key: WebhookKey): WebhookRecord => {
    const webhook = state.webhooks.get(key);
    if (webhook?.home !== home) throw new Error(`there is no webhook ${key}`);
    return webhook;
  };
  return {
    publish: async (account, events, emitted) => {
      const home = homeOf(state, account);
      for (const { deliveries } of events) {
        for (const { webhook } of deliveries) webhookOf(home, webhook);
      }
      const first = home.events.length;
      const taken = addEvents(home, events);
      if (taken !== null) return { taken };
      if (emitted !== undefined) home.emitted = emitted;
      const keys: number[] = [];
      for (let index = 0; index < events.length; index += 1) {
        const event = home.events[first + index] as EventRecord;
        for (const planned of (events[index] as NewEvent).deliveries) {
          const webhook = webhookOf(home, planned.webhook);
          const { dueAt, taken } = planned;
          keys.push(addDelivery(home, { event, webhook, dueAt, taken }));
        }
      }
      return { taken: null, deliveries: keys };
    },

    redeliver: async (account, { of, body, signature, dueAt }) => {
      const key = deliveryKey(account, of);
      const repeated = key === null ? undefined : deliveryAt(state, key);
      if (repeated === undefined || repeated.webhook.deletedAt !== null) return null;
      const home = homeOf(state, account);
      const { event, webhook } = repeated;
      const delivery: DeliveryRecord = {
        number: home.nextDelivery,
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
      home.nextDelivery += 1;
      home.deliveries.push(delivery);
      (event.again ??= []).push(delivery);
      home.tally.pending += 1;
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
      for (const { webhook, deletedAt, due } of homeOf(state, account).webhooks.values()) {
        const dueAt = deletedAt === null ? due.peek()?.dueAt : null;
        if (dueAt !== undefined && dueAt !== null) next.set(webhook.key, dueAt);
      }
      return next;
    },

    recordAttempts: async (records) => {
      const refused: AttemptRecord[] = [];
      for (const record of records) {
        const delivery = fitting(state, record);
        if (delivery === null) refused.push(record);
        else write(delivery, record);
      }
      return refused;
    },

    release: async (keys) => {
      for (const key of keys) {
        const delivery = deliveryAt(state, key);
        if (delivery?.status === 'in_flight') giveBack(delivery);
      }
    },

    recover: async () => recoverAll(state),
  };
};

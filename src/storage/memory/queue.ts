/**
 * The hot path: claim, record, release. Everything that can fail is checked before anything changes.
 *
 * @module
 */
import type { Millis, WebhookKey } from '../../domain/delivery.ts';
import { afterRecord } from '../../domain/delivery-transitions.ts';
import type { AttemptRecord, Claim, HistoryStore, QueueStore } from '../store.ts';
import { addDeadEvent } from './dead-letters.ts';
import {
  applyUpdate,
  keyOf,
  returnAllToQueue,
  returnToQueue,
  setStatus,
  type DeliveryEntry,
} from './entries.ts';
import { createPublish, createRedeliver } from './publish.ts';
import { dataOf, deliveryAt, type State } from './state.ts';

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
  const { webhook, event, attempts } = delivery;
  const update = afterRecord(status, attempt, webhook.deletedAt !== null);
  const { dueAt: nextAttemptAt } = update;
  const stored = attempt.nextAttemptAt === nextAttemptAt ? attempt : { ...attempt, nextAttemptAt };
  delivery.attemptsMade = attempt.number;
  delivery.attempts = attempts.length === 0 ? [stored] : [...attempts, stored];
  applyUpdate(delivery, update);
  if (update.status === 'dead') addDeadEvent(webhook, event);
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

/** Nothing survives a crash, but a caller may still ask to release everything that is in flight. */
const recoverAll = ({ accounts }: State): number =>
  accounts.reduce((recovered, { data }) => recovered + returnAllToQueue(data), 0);

export const createQueue = (
  state: State,
  history: Pick<HistoryStore, 'getDelivery'>,
): QueueStore => ({
  publish: createPublish(state),
  redeliver: createRedeliver(state, history),

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
});

/**
 * Claims of due deliveries, and their return.
 *
 * @module
 */
import type { Millis, WebhookKey } from '../../domain/delivery.ts';
import type { Claim, QueueStore } from '../store.ts';
import {
  keyOf,
  returnAllToQueue,
  returnToQueue,
  setStatus,
  type DeliveryEntry,
} from './entries.ts';
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

/** Nothing survives a crash, but a caller may still ask to release everything that is in flight. */
const recoverAll = ({ accounts }: State): number =>
  accounts.reduce((recovered, { data }) => recovered + returnAllToQueue(data), 0);

export const createClaims = (
  state: State,
): Pick<QueueStore, 'claimDue' | 'nextDueAt' | 'release' | 'recover'> => ({
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

  release: async (keys) => {
    for (const key of keys) {
      const delivery = deliveryAt(state, key);
      if (delivery?.status === 'in_flight') returnToQueue(delivery);
    }
  },

  recover: async () => recoverAll(state),
});

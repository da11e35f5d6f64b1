/**
 * Conversions from entries to the values of the port.
 *
 * @module
 */
import type { Delivery, StoredEvent } from '../../domain/delivery.ts';
import { deliveryId, rowKey } from '../../domain/delivery-id.ts';
import type { AccountData, DeliveryEntry, EventEntry } from './entries.ts';
import { countBelow } from './sorted-rows.ts';

export const toStoredEvent = ({ id, type, createdAt, body }: EventEntry): StoredEvent => ({
  id,
  type,
  createdAt,
  body,
});

export const toDelivery = (entry: DeliveryEntry): Delivery => {
  const { event, webhook, number, redeliveryOf } = entry;
  const last = entry.attempts.at(-1);
  const { key, id: webhookId, url } = webhook.webhook;
  const seq = rowKey(webhook.data.account, number);
  return {
    seq,
    id: deliveryId(seq),
    webhook: key,
    webhookId,
    url,
    eventId: event.id,
    eventType: event.type,
    status: entry.status,
    attemptsMade: entry.attemptsMade,
    createdAt: entry.createdAt,
    dueAt: entry.dueAt,
    settledAt: entry.settledAt,
    acknowledgedAt: entry.acknowledgedAt,
    redeliveryOf: redeliveryOf === null ? null : deliveryId(redeliveryOf),
    signature: entry.signature ?? 'valid',
    lastOutcome: last?.outcome ?? null,
    lastError: last?.error ?? null,
    lastStatusCode: last?.response?.status ?? null,
    lastFault: last?.fault?.name ?? null,
  };
};

/** Deliveries of an event, newest last: those published with it, then its redeliveries. */
export const deliveriesOf = (
  { deliveries }: AccountData,
  { firstDelivery, deliveries: count, redeliveries }: EventEntry,
): DeliveryEntry[] => {
  const first = countBelow(deliveries, firstDelivery);
  const past = countBelow(deliveries, firstDelivery + count);
  return [...deliveries.slice(first, past), ...(redeliveries ?? [])];
};

/**
 * What records are to everybody else.
 *
 * @module
 */
import type { Delivery, StoredEvent } from '../../domain/delivery.ts';
import { deliveryId, rowKey } from '../../domain/delivery-id.ts';
import type { DeliveryRecord, EventRecord, Home } from './records.ts';
import { countBelow } from './sorted-rows.ts';

export const toStoredEvent = ({ id, type, createdAt, body }: EventRecord): StoredEvent => ({
  id,
  type,
  createdAt,
  body,
});

export const toDelivery = (record: DeliveryRecord): Delivery => {
  const { event, webhook, number, redeliveryOf } = record;
  const last = record.attempts.at(-1);
  const { key, id: webhookId, url } = webhook.webhook;
  const seq = rowKey(webhook.home.account, number);
  return {
    seq,
    id: deliveryId(seq),
    webhook: key,
    webhookId,
    url,
    eventId: event.id,
    eventType: event.type,
    status: record.status,
    attemptsMade: record.attemptsMade,
    createdAt: record.createdAt,
    dueAt: record.dueAt,
    settledAt: record.settledAt,
    acknowledgedAt: record.acknowledgedAt,
    redeliveryOf: redeliveryOf === null ? null : deliveryId(redeliveryOf),
    signature: record.signature ?? 'valid',
    lastOutcome: last?.outcome ?? null,
    lastError: last?.error ?? null,
    lastStatusCode: last?.response?.status ?? null,
  };
};

/** An event's deliveries, newest last: those that it was published with, and those that were asked for later. */
export const deliveriesOf = (
  { deliveries }: Home,
  { firstDelivery, deliveries: count, again }: EventRecord,
): DeliveryRecord[] => {
  const first = countBelow(deliveries, firstDelivery);
  const past = countBelow(deliveries, firstDelivery + count);
  return [...deliveries.slice(first, past), ...(again ?? [])];
};

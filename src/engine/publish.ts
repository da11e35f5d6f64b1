/**
 * From an event to rows that can be delivered: the envelope is built and serialised once, here.
 *
 * @module
 */
import type { Delivery, Millis, StoredEvent, Webhook } from '../domain/delivery.ts';
import { webhookNotFound, webhookPaused } from '../domain/problems.ts';
import { toProviderTime } from '../domain/time.ts';
import type { NewDelivery, NewEvent } from '../storage/store.ts';
import type { EventToPublish } from './engine.ts';

export interface Plan {
  readonly rows: readonly NewEvent[];
  /** Every webhook that gets something, once. */
  readonly receivers: ReadonlySet<Webhook>;
}

const subscribes = (webhook: Webhook, type: StoredEvent['type']): boolean =>
  webhook.status === 'active' && webhook.events.some((event) => event === '*' || event === type);

const receiversOf = (request: EventToPublish, webhooks: readonly Webhook[]): readonly Webhook[] => {
  const { webhookId } = request;
  if (webhookId === undefined) return webhooks.filter((webhook) => subscribes(webhook, request.event));
  const named = webhooks.find(({ id }) => id === webhookId);
  if (named === undefined) throw webhookNotFound(webhookId);
  if (named.status === 'paused') throw webhookPaused(webhookId);
  return [named];
};

/** The order of the envelope's fields is the guide's. */
const eventOf = (request: EventToPublish, now: Millis, time: string, newId: () => string): StoredEvent => {
  const id = request.id ?? newId();
  const { event, timestamp = time, data } = request;
  return { id, type: event, createdAt: now, body: JSON.stringify({ event, id, timestamp, data }) };
};

export const planEvents = (
  requests: readonly EventToPublish[],
  webhooks: readonly Webhook[],
  now: Millis,
  newEventId: () => string,
): Plan => {
  const time = toProviderTime(now);
  const receivers = new Set<Webhook>();
  const rows = requests.map((request): NewEvent => {
    const event = eventOf(request, now, time, newEventId);
    const deliveries: NewDelivery[] = [];
    for (const webhook of receiversOf(request, webhooks)) {
      receivers.add(webhook);
      deliveries.push({ webhook: webhook.key, dueAt: now });
    }
    return { event, deliveries };
  });
  return { rows, receivers };
};

/** The deliveries of a plan that was kept, as they stand before their first attempt; `ids` are the store's. */
export const describe = ({ rows, receivers }: Plan, ids: readonly string[]): Omit<Delivery, 'seq'>[] => {
  const byKey = new Map([...receivers].map((webhook) => [webhook.key, webhook]));
  let next = 0;
  return rows.flatMap(({ event, deliveries }) =>
    deliveries.map(({ webhook, dueAt }) => ({
      id: ids[next++] ?? '',
      webhook,
      webhookId: byKey.get(webhook)?.id ?? '',
      url: byKey.get(webhook)?.url ?? '',
      eventId: event.id,
      eventType: event.type,
      status: 'pending' as const,
      attemptsMade: 0,
      createdAt: event.createdAt,
      dueAt,
      settledAt: null,
      acknowledgedAt: null,
      redeliveryOf: null,
      signature: 'valid' as const,
      lastOutcome: null,
      lastError: null,
    })),
  );
};

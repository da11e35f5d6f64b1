/**
 * From an event to rows that can be delivered: the envelope is built and serialised once, here.
 *
 * @module
 */
import type { Delivery, Millis, StoredEvent, Webhook } from '../domain/delivery.ts';
import { webhookNotFound, webhookPaused } from '../domain/problems.ts';
import { toProviderTime } from '../domain/time.ts';
import type { NewEvent } from '../storage/store.ts';
import type { EventToPublish } from './engine.ts';

/** A delivery that was just planned; it gets its id and its place in the history from the store. */
type PlannedDelivery = Omit<Delivery, 'seq' | 'id'>;

export interface Plan {
  readonly rows: readonly NewEvent[];
  readonly events: readonly StoredEvent[];
  readonly deliveries: readonly PlannedDelivery[];
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

const plannedFor = (event: StoredEvent, webhook: Webhook): PlannedDelivery => ({
  webhook: webhook.key,
  webhookId: webhook.id,
  url: webhook.url,
  eventId: event.id,
  eventType: event.type,
  status: 'pending',
  attemptsMade: 0,
  createdAt: event.createdAt,
  dueAt: event.createdAt,
  settledAt: null,
  acknowledgedAt: null,
  redeliveryOf: null,
  signature: 'valid',
  lastOutcome: null,
  lastError: null,
});

/** The order of the envelope's fields is the guide's. */
const eventOf = (request: EventToPublish, now: Millis, newId: () => string): StoredEvent => {
  const id = request.id ?? newId();
  const timestamp = request.timestamp ?? toProviderTime(now);
  const body = JSON.stringify({ event: request.event, id, timestamp, data: request.data });
  return { id, type: request.event, createdAt: now, body };
};

export const planEvents = (
  requests: readonly EventToPublish[],
  webhooks: readonly Webhook[],
  now: Millis,
  newEventId: () => string,
): Plan => {
  const rows: NewEvent[] = [];
  const events: StoredEvent[] = [];
  const deliveries: PlannedDelivery[] = [];
  for (const request of requests) {
    const event = eventOf(request, now, newEventId);
    const planned = receiversOf(request, webhooks).map((webhook) => plannedFor(event, webhook));
    rows.push({ event, deliveries: planned.map(({ webhook }) => ({ webhook, dueAt: now })) });
    events.push(event);
    deliveries.push(...planned);
  }
  return { rows, events, deliveries };
};

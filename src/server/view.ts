/**
 * Maps the engine's types to wire formats, as described in the specs.
 *
 * @module
 */
import type * as Control from '../../schemas/control.ts';
import type * as Sandbox from '../../schemas/sandbox.ts';
import { leadOf } from '../deliveries/lead.ts';
import type { Attempt, Delivery, DeliveryDetail, HeaderList, Webhook } from '../domain/delivery.ts';
import { toProviderTime, toSandboxTime } from '../domain/time.ts';
import { deliveryHeaders } from '../engine/delivery/attempt.ts';
import type { ClockView } from '../engine/engine.ts';
import type { DeadLetter, ListedDelivery } from '../storage/store.ts';

const time = (at: number | null): string | null => (at === null ? null : toSandboxTime(at));
const pairs = (headers: HeaderList): string[][] => headers.map(([name, value]) => [name, value]);

/** Wire format of a webhook, without its secret. */
export const webhookView = ({ id, url, events, status, createdAt }: Webhook): Control.Webhook => ({
  id,
  url,
  // `*` alone, or event types: validated at registration.
  events: [...events] as Control.Webhook['events'],
  status,
  created_at: toProviderTime(createdAt),
});

/** Wire format of a dead letter: the event as sent, plus `failure`. */
export const failedEventView = ({ event, delivery }: DeadLetter): Control.FailedEvent => ({
  ...(JSON.parse(event.body) as Control.FailedEvent),
  failure: {
    attempts: delivery.attemptsMade,
    last_error: delivery.lastError ?? '',
    last_status_code: delivery.lastStatusCode,
    failed_at: toProviderTime(delivery.settledAt ?? delivery.createdAt),
    acknowledged_at:
      delivery.acknowledgedAt === null ? null : toProviderTime(delivery.acknowledgedAt),
  },
});

export const deliveryView = (delivery: Delivery): Sandbox.Delivery => ({
  id: delivery.id,
  event_id: delivery.eventId,
  event: delivery.eventType,
  webhook_id: delivery.webhookId,
  url: delivery.url,
  status: delivery.status,
  attempts_made: delivery.attemptsMade,
  created_at: toSandboxTime(delivery.createdAt),
  next_attempt_at: time(delivery.dueAt),
  settled_at: time(delivery.settledAt),
  redelivery_of: delivery.redeliveryOf,
  last_outcome: delivery.lastOutcome,
  last_error: delivery.lastError,
  last_status_code: delivery.lastStatusCode,
  signature_mode: delivery.signature,
});

/** Wire format of a delivery in a list. */
export const listedDeliveryView = (delivery: ListedDelivery): Sandbox.ListedDelivery => ({
  ...deliveryView(delivery),
  lead_email: leadOf(delivery.eventBody),
  last_fault: delivery.lastFault,
});

export const attemptView = (attempt: Attempt): Sandbox.Attempt => ({
  number: attempt.number,
  started_at: toSandboxTime(attempt.startedAt),
  ended_at: toSandboxTime(attempt.endedAt),
  duration_ms: attempt.durationMs,
  outcome: attempt.outcome,
  error: attempt.error,
  next_attempt_at: time(attempt.nextAttemptAt),
  fault: attempt.fault === null ? null : { ...attempt.fault },
  request: { method: 'POST', url: attempt.url, headers: pairs(deliveryHeaders(attempt.signature)) },
  response:
    attempt.response === null
      ? null
      : {
          status: attempt.response.status,
          headers: pairs(attempt.response.headers),
          body: attempt.response.body,
          truncated: attempt.response.truncated,
        },
});

export const deliveryDetailView = (delivery: DeliveryDetail): Sandbox.DeliveryDetail => ({
  ...deliveryView(delivery),
  body: delivery.body,
  attempts: delivery.attempts.map(attemptView),
});

/** @param pending number of deliveries that wait for an attempt */
export const clockView = (
  { mode, rate, now, nextDueAt, inFlight }: ClockView,
  pending: number,
): Sandbox.Clock => ({
  mode,
  rate,
  now: toSandboxTime(now),
  next_due_at: time(nextDueAt),
  in_flight: inFlight,
  pending,
});

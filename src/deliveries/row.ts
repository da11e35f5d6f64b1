/**
 * One delivery of a list, as far as the stream describes it.
 *
 * @module
 */
import type { WebhookEvent } from '../../schemas/events.ts';
import type { AccountEvent, ListedDelivery } from '../../schemas/sandbox.ts';
import { leadOfEvent } from './lead.ts';

/** A delivery before its first attempt. Its webhook is not known before it is listed or attempted. */
const fresh = (
  id: string,
  { id: event_id, event }: Pick<WebhookEvent, 'id' | 'event'>,
  now: string,
): ListedDelivery => ({
  id,
  event_id,
  event,
  webhook_id: '',
  url: '',
  status: 'pending',
  attempts_made: 0,
  created_at: now,
  next_attempt_at: now,
  settled_at: null,
  redelivery_of: null,
  last_outcome: null,
  last_error: null,
  last_status_code: null,
  signature_mode: 'valid',
  lead_email: null,
  last_fault: null,
});

/** A delivery that the stream announced. */
export const announced = (event: WebhookEvent, id: string, now: string): ListedDelivery => ({
  ...fresh(id, event, now),
  lead_email: leadOfEvent(event),
});

export type Attempted = Extract<AccountEvent, { type: 'delivery.attempted' }>;

/** The delivery after an attempt. */
export const attempted = (
  row: ListedDelivery,
  { attempt, status, webhook_id, event }: Attempted,
): ListedDelivery => ({
  ...row,
  event,
  webhook_id,
  url: attempt.request.url,
  status,
  attempts_made: Math.max(attempt.number, row.attempts_made),
  next_attempt_at: status === 'pending' ? attempt.next_attempt_at : null,
  settled_at: status === 'pending' ? null : attempt.ended_at,
  last_outcome: attempt.outcome,
  last_error: attempt.error,
  last_status_code: attempt.response?.status ?? null,
  last_fault: attempt.fault?.name ?? null,
});

/** A delivery of which only an attempt is known. */
export const unannounced = ({ delivery_id, event_id, event, attempt }: Attempted): ListedDelivery =>
  fresh(delivery_id, { id: event_id, event }, attempt.started_at);

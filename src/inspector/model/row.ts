/**
 * One delivery in the list: what the API lists, and what the stream adds.
 *
 * @module
 */
import type { WebhookEvent } from '../../../schemas/events.ts';
import type { AccountEvent, Delivery } from '../../../schemas/sandbox.ts';

export interface Row {
  readonly delivery: Delivery;
  /** Address of the lead; null if the event has none, undefined if the event is not loaded. */
  readonly lead: string | null | undefined;
  /** Name of the fault that affected the latest attempt; null for none or if it is not known. */
  readonly fault: string | null;
  /** True until the API has listed it: the stream does not tell everything. */
  readonly isPartial: boolean;
}

export const leadOf = (event: WebhookEvent): string | null =>
  'lead_email' in event.data ? String(event.data.lead_email) : null;

/** A delivery that the stream announced. */
export const announced = (event: WebhookEvent, id: string, now: string): Row => ({
  delivery: {
    id,
    event_id: event.id,
    event: event.event,
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
  },
  lead: leadOf(event),
  fault: null,
  isPartial: true,
});

type Attempted = Extract<AccountEvent, { type: 'delivery.attempted' }>;

/** The row after an attempt. */
export const attempted = (row: Row, { attempt, status, webhook_id, event }: Attempted): Row => ({
  ...row,
  // Nothing is missing now but the exact time, which is that of the event.
  isPartial: false,
  fault: attempt.fault?.name ?? null,
  delivery: {
    ...row.delivery,
    event,
    webhook_id,
    url: attempt.request.url,
    status,
    attempts_made: Math.max(attempt.number, row.delivery.attempts_made),
    next_attempt_at: status === 'pending' ? attempt.next_attempt_at : null,
    settled_at: status === 'pending' ? null : attempt.ended_at,
    last_outcome: attempt.outcome,
    last_error: attempt.error,
    last_status_code: attempt.response?.status ?? null,
  },
});

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  timeout_connect: 'timeout connecting',
  timeout_headers: 'timeout',
  timeout_body: 'timeout in the body',
  name_not_found: 'name not found',
  tls_failure: 'TLS failure',
  invalid_response: 'invalid response',
  response_too_large: 'response too large',
  internal_error: 'internal error',
};

/** Why the latest attempt ended as it did, in a word or two: `401`, `refused`, `timeout`. */
export const reasonOf = ({ delivery, fault }: Row): string => {
  const { last_outcome: outcome, last_status_code: status } = delivery;
  if (outcome === null) return '';
  const answer =
    status !== null && ['delivered', 'non_2xx', 'redirect', 'ignored'].includes(outcome)
      ? String(status)
      : (OUTCOME_WORDS[outcome] ?? outcome);
  const word = outcome === 'ignored' ? `${answer} discarded` : answer;
  return fault === null ? word : `${word} · ${fault}`;
};

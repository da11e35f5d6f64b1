/**
 * Webhooks, events, deliveries and attempts, independent of their storage.
 *
 * @module
 */
import type { EventType } from '../../schemas/contract.ts';
import type { FaultLabel } from './fault.ts';

/** Milliseconds since the Unix epoch, on the account's virtual clock unless said otherwise. */
export type Millis = number;

/** Internal key of an account; never shown outside. */
export type AccountKey = number;

/** Internal key of a webhook; never shown outside. */
export type WebhookKey = number;

/** A paused webhook gets no new events, and its pending retries wait until it is active again. */
export type WebhookStatus = 'active' | 'paused';

export interface Webhook {
  readonly key: WebhookKey;
  readonly account: AccountKey;
  /** `whk_…` */
  readonly id: string;
  readonly url: string;
  /** Event types, or `['*']` for all of them, as registered. */
  readonly events: readonly (EventType | '*')[];
  readonly secret: string;
  readonly status: WebhookStatus;
  readonly createdAt: Millis;
}

export interface StoredEvent {
  /** `evt_…`, unique within its account. */
  readonly id: string;
  readonly type: EventType;
  /** The time on the account's clock at which the event was accepted. */
  readonly createdAt: Millis;
  /** The envelope, serialised once: every attempt of every delivery sends these characters as UTF-8. */
  readonly body: string;
}

/** `in_flight` lasts at most until the attempt's deadline. The last four are final, except `dead → acknowledged`. */
export type DeliveryStatus =
  | 'pending'
  | 'in_flight'
  | 'delivered'
  | 'dead'
  | 'acknowledged'
  | 'cancelled';

/** How a delivery is signed. Only a redelivery can request anything but `valid`. */
export type SignatureMode = 'valid' | 'wrong' | 'missing';

export interface Delivery {
  /** Position in the account's history: what cursors point at. */
  readonly seq: number;
  /** `dlv_…` */
  readonly id: string;
  readonly webhook: WebhookKey;
  readonly webhookId: string;
  readonly url: string;
  readonly eventId: string;
  readonly eventType: EventType;
  readonly status: DeliveryStatus;
  readonly attemptsMade: number;
  readonly createdAt: Millis;
  /** When the next attempt is due; null once settled. */
  readonly dueAt: Millis | null;
  readonly settledAt: Millis | null;
  readonly acknowledgedAt: Millis | null;
  /** The delivery that this one repeats, if it was requested as a redelivery. */
  readonly redeliveryOf: string | null;
  readonly signature: SignatureMode;
  /** Outcome and text of the latest attempt; null before the first. */
  readonly lastOutcome: Outcome | null;
  readonly lastError: string | null;
  /** Status of the latest response; null without a response. */
  readonly lastStatusCode: number | null;
  /** Fault that was injected into the latest attempt; null without one. */
  readonly lastFault: FaultLabel['name'] | null;
}

/** A delivery with its body and attempts. */
export interface DeliveryDetail extends Delivery {
  readonly body: string;
  readonly attempts: readonly Attempt[];
}

/**
 * How one attempt ended. Everything but `delivered` is a failure and is retried.
 * `ignored` is a 2xx that a fault discarded. `timeout_*` names what the attempt was waiting for when it timed out.
 * `internal_error` is a failure of the sandbox, not of the receiver.
 */
export type Outcome =
  | 'delivered'
  | 'non_2xx'
  | 'redirect'
  | 'timeout_connect'
  | 'timeout_headers'
  | 'timeout_body'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'name_not_found'
  | 'tls_failure'
  | 'invalid_response'
  | 'response_too_large'
  | 'blocked'
  | 'ignored'
  | 'internal_error';

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface AttemptResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HeaderList;
  /** UTF-8 text of the part that is stored. */
  readonly body: string;
  /** True if the receiver sent more than is stored. */
  readonly truncated: boolean;
}

export interface Attempt {
  /** 1 to 4. */
  readonly number: number;
  /** Virtual time at which it was sent. */
  readonly startedAt: Millis;
  /** Virtual time at which it ended; the next delay is counted from here. */
  readonly endedAt: Millis;
  /** Real milliseconds that the receiver took. */
  readonly durationMs: number;
  readonly outcome: Outcome;
  /** Cause and remedy; null if delivered. */
  readonly error: string | null;
  readonly url: string;
  /** Value of the signature header as sent; null if omitted. */
  readonly signature: string | null;
  readonly response: AttemptResponse | null;
  /** When the next attempt was scheduled for; null if none was. */
  readonly nextAttemptAt: Millis | null;
  /** The injected fault; null without one. */
  readonly fault: FaultLabel | null;
}

/**
 * What a webhook, an event, a delivery and an attempt are, whatever keeps them.
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

/** A paused webhook gets no new events; its waiting retries stand still until it is active again. */
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

/** `in_flight` is left again within the attempt's deadline; the last four are final but for `dead → acknowledged`. */
export type DeliveryStatus =
  | 'pending'
  | 'in_flight'
  | 'delivered'
  | 'dead'
  | 'acknowledged'
  | 'cancelled';

/** How the signature header of a delivery is made; anything but `valid` is asked for by a redelivery. */
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
  /** The delivery that this one repeats, if it was asked for by hand. */
  readonly redeliveryOf: string | null;
  readonly signature: SignatureMode;
  /** Outcome and text of the latest attempt; null before the first. */
  readonly lastOutcome: Outcome | null;
  readonly lastError: string | null;
  /** Status of the latest answer; null when there was none. */
  readonly lastStatusCode: number | null;
}

/** A delivery with everything that was sent and answered. */
export interface DeliveryDetail extends Delivery {
  readonly body: string;
  readonly attempts: readonly Attempt[];
}

/**
 * How one attempt ended. Everything but `delivered` is a failure and is retried.
 * `ignored` is a 2xx that a fault kept from counting. `timeout_*` says what the attempt was waiting for when its time was up.
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
  /** UTF-8 text of what was kept. */
  readonly body: string;
  /** True when the receiver sent more than is kept. */
  readonly truncated: boolean;
}

export interface Attempt {
  /** 1 to 4. */
  readonly number: number;
  /** Virtual time at which it was sent. */
  readonly startedAt: Millis;
  /** Virtual time at which it was over: what the next delay is counted from. */
  readonly endedAt: Millis;
  /** Real milliseconds that the receiver took. */
  readonly durationMs: number;
  readonly outcome: Outcome;
  /** What went wrong and what to do about it; null when delivered. */
  readonly error: string | null;
  readonly url: string;
  /** The signature header's value as sent; null when it was left out. */
  readonly signature: string | null;
  readonly response: AttemptResponse | null;
  /** When the next attempt was planned for; null when none was. */
  readonly nextAttemptAt: Millis | null;
  /** What was made to go wrong; null for nothing. */
  readonly fault: FaultLabel | null;
}

/**
 * Values that go into and come out of a store. Other rooms import them from the port, `store.ts`.
 *
 * @module
 */
import type { ClockRecord } from '../domain/account.ts';
import type { Slices } from '../domain/sliced-list.ts';
import type {
  AccountKey,
  Attempt,
  Delivery,
  DeliveryStatus,
  Millis,
  SignatureMode,
  StoredEvent,
  Webhook,
  WebhookKey,
} from '../domain/delivery.ts';

/** A webhook before the store has assigned its key. */
export type NewWebhook = Omit<Webhook, 'key' | 'account'>;

/** Fields to change; absent ones keep their value. */
export type WebhookChanges = Partial<Pick<Webhook, 'url' | 'events' | 'status' | 'secret'>>;

/** A delivery to create with its event. */
export interface NewDelivery {
  readonly webhook: WebhookKey;
  /** True to create it in flight, as if `claimDue` had claimed it at once. */
  readonly claimed: boolean;
  /** Due time of the first attempt; normally the event's `createdAt`. */
  readonly dueAt: Millis;
}

/** An event and its deliveries; none if no webhook is subscribed to it. */
export interface NewEvent {
  readonly event: StoredEvent;
  readonly deliveries: readonly NewDelivery[];
}

/** Outcome of `publish`: either all events were saved, or none because of one duplicate id. */
export type PublishResult =
  | { readonly duplicateId: string }
  /** Keys of the deliveries, in the order of the events and of each event's deliveries. */
  | { readonly duplicateId: null; readonly deliveries: readonly number[] };

/** A new delivery of an event that was delivered before. */
export interface NewRedelivery {
  /** Id (`dlv_…`) of the delivery to repeat. */
  readonly of: string;
  /** Body to send instead; null repeats the body of the original delivery. */
  readonly body: string | null;
  readonly signature: SignatureMode;
  readonly dueAt: Millis;
}

/** A delivery in flight, with everything that its attempt needs. */
export interface Claim {
  /** The delivery's key. */
  readonly delivery: number;
  readonly account: AccountKey;
  readonly webhook: WebhookKey;
  readonly eventId: string;
  readonly eventType: StoredEvent['type'];
  readonly body: string;
  readonly signature: SignatureMode;
  /** Number of the attempt to make now; the first is 1. */
  readonly attempt: number;
  readonly dueAt: Millis;
}

/** Result of one attempt. Nothing else happens to its delivery before it is recorded. */
export interface AttemptRecord {
  /** The delivery's key. */
  readonly delivery: number;
  readonly attempt: Attempt;
  /** `pending` schedules a retry at `attempt.nextAttemptAt`; the others settle the delivery at `attempt.endedAt`. */
  readonly status: 'pending' | 'delivered' | 'dead' | 'cancelled';
}

/** One page of a list, newest first unless the method says otherwise. */
export interface Page {
  /** Maximum number of rows. */
  readonly limit: number;
  /** `seq` of the last row of the previous page; absent for the first page. */
  readonly after?: number | undefined;
}

/** Conditions that a listed delivery must meet; absent ones do not restrict. */
export interface DeliveryFilter {
  readonly status?: DeliveryStatus | undefined;
  /** Event type, e.g. `email.sent`. */
  readonly event?: string | undefined;
  readonly webhookId?: string | undefined;
  readonly eventId?: string | undefined;
}

/** A delivery as listed. */
export interface ListedDelivery extends Delivery {
  /** Body of its event. The delivery itself may send another one. */
  readonly eventBody: string;
}

/** Conditions that a listed event must meet. */
export interface EventFilter {
  /** Event type, e.g. `email.sent`. */
  readonly event?: string | undefined;
}

/** An event as listed. */
export interface EventRow extends StoredEvent {
  /** The event's key: cursors point at it. */
  readonly seq: number;
}

/** An event that could not be delivered to a webhook. Several dead deliveries of one event are one dead letter. */
export interface DeadLetter {
  /** The event's key: cursors point at it. */
  readonly seq: number;
  readonly event: StoredEvent;
  /** The newest dead (or acknowledged) delivery of that event to that webhook. */
  readonly delivery: Delivery;
}

/** Response to a request with an `Idempotency-Key`, to be replayed when the request is repeated. */
export interface StoredResponse {
  /** Hash of the request: the same key with another request is an error of the client. */
  readonly requestHash: string;
  readonly status: number;
  readonly body: string;
}

/** A response to store, and how many to keep. */
export interface ResponseToStore {
  /** The request's `Idempotency-Key`. A second response with the same key replaces the first. */
  readonly key: string;
  readonly response: StoredResponse;
  /** Real time, not the account's. */
  readonly storedAt: Millis;
  /** Number of responses to keep per account; older ones are removed. */
  readonly maxResponses: number;
}

/**
 * Builds the response to a request from the request's effect. Called within the transaction of the effect: after a crash
 * either both are stored or neither, so a request without a response can be repeated safely.
 *
 * If it throws, the effect is rolled back and the method rejects with that error.
 */
export type Remember<Effect> = (effect: Effect) => ResponseToStore;

/** Number of rows of an account. */
export interface Counts {
  /** Webhooks that are not deleted. */
  readonly webhooks: number;
  readonly events: number;
  readonly deliveries: Readonly<Record<DeliveryStatus, number>>;
}

/** A command to an account's campaigns. The simulator replays all of them after a restart. */
export interface StoredCommand {
  /** Time of the account's clock. */
  readonly at: Millis;
  /** Number of campaign events that had been emitted before it. */
  readonly emitted: number;
  /** JSON that only the simulator reads. */
  readonly body: string;
}

/** A row of a snapshot, by column. See `rows/columns.ts`. */
export type DumpRow = Readonly<Record<string, string | number | null>>;

/** Snapshot of one account. Every adapter imports what any adapter exported. */
export interface AccountDump {
  /** Version of the snapshot format, `DUMP_VERSION` when exported. */
  readonly version: number;
  /** Seed that the campaigns were drawn with; absent before version 3. */
  readonly seed?: number | undefined;
  /** How often the account had been opened; absent before version 3. */
  readonly opens?: number | undefined;
  readonly clock: ClockRecord;
  /** Rows by table; keys are numbers within the account. Each table is read several times. */
  readonly tables: Readonly<Record<string, Slices<DumpRow>>>;
}

/** An {@link AccountDump} whose rows are read slice by slice. */
export interface AccountExport extends Omit<AccountDump, 'tables'> {
  /** Every table in turn, including empty ones; the slices of a table are consecutive. */
  readonly slices: AsyncIterable<DumpSlice>;
}

/** Consecutive rows of one table. */
export interface DumpSlice {
  readonly table: string;
  readonly rows: readonly DumpRow[];
}

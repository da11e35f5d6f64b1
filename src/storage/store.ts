/**
 * The port behind which state is kept. Every method is one transaction. `now` is always an argument:
 * a store has no clock. Methods that take an `AccountKey` see nothing of any other account.
 *
 * @module
 */
import type { Account, ClockRecord } from '../domain/account.ts';
import type { StoreFailure } from '../domain/store-failure.ts';
import type {
  AccountKey,
  Attempt,
  Delivery,
  DeliveryDetail,
  DeliveryStatus,
  Millis,
  SignatureMode,
  StoredEvent,
  Webhook,
  WebhookKey,
} from '../domain/delivery.ts';

export type NewWebhook = Omit<Webhook, 'key' | 'account'>;

export type WebhookChanges = Partial<Pick<Webhook, 'url' | 'events' | 'status' | 'secret'>>;

export interface NewDelivery {
  readonly webhook: WebhookKey;
  /** Taken for its first attempt at once, as if by {@link QueueStore.claimDue}. */
  readonly taken: boolean;
  /** First attempt; normally the event's `createdAt`. */
  readonly dueAt: Millis;
}

export interface NewEvent {
  readonly event: StoredEvent;
  readonly deliveries: readonly NewDelivery[];
}

/** Either all events were kept, or none because the id of one is `taken`. */
export type PublishResult =
  | { readonly taken: string }
  /** The deliveries' keys, in the order of the events and their deliveries. */
  | { readonly taken: null; readonly deliveries: readonly number[] };

export interface NewRedelivery {
  /** `dlv_…` of the one it repeats. */
  readonly of: string;
  /** Other bytes than the event's own; null sends the same. */
  readonly body: string | null;
  readonly signature: SignatureMode;
  readonly dueAt: Millis;
}

/** A delivery taken for an attempt, with all that the attempt needs. */
export interface Claim {
  readonly delivery: number;
  readonly account: AccountKey;
  readonly webhook: WebhookKey;
  readonly eventId: string;
  readonly eventType: StoredEvent['type'];
  readonly body: string;
  readonly signature: SignatureMode;
  /** Number of the attempt to make now: 1 on the first. */
  readonly attempt: number;
  readonly dueAt: Millis;
}

/** What became of one attempt, recorded before anything else happens with its delivery. */
export interface AttemptRecord {
  readonly delivery: number;
  readonly attempt: Attempt;
  /** `pending` waits for `attempt.nextAttemptAt`; the others settle the delivery at `attempt.endedAt`. */
  readonly status: 'pending' | 'delivered' | 'dead' | 'cancelled';
}

/** `after` is the `seq` of the last row of the page before; pages are newest first. */
export interface Page {
  readonly limit: number;
  readonly after?: number | undefined;
}

export interface DeliveryFilter {
  readonly status?: DeliveryStatus | undefined;
  readonly event?: string | undefined;
  readonly webhookId?: string | undefined;
  readonly eventId?: string | undefined;
}

export interface EventFilter {
  readonly event?: string | undefined;
}

export interface EventRow extends StoredEvent {
  readonly seq: number;
}

/** An event that a webhook failed to take, by event: repeated dead deliveries of one event are one dead letter. */
export interface DeadLetter {
  readonly seq: number;
  readonly event: StoredEvent;
  /** The newest dead (or acknowledged) delivery of that event to that webhook. */
  readonly delivery: Delivery;
}

export interface StoredAnswer {
  readonly requestHash: string;
  readonly status: number;
  readonly body: string;
}

/** An answer with all that remembering it takes: the newest `keep` of the account are. `wallNow` is real time. */
export interface AnswerToKeep {
  /** The request's `Idempotency-Key`. */
  readonly key: string;
  readonly answer: StoredAnswer;
  readonly wallNow: Millis;
  readonly keep: number;
}

/**
 * Makes the answer to a request from the effect that it had. Called in the transaction of the effect: after a crash
 * either both are there or neither is, so a request that was not answered can be repeated.
 */
export type Remember<Effect> = (effect: Effect) => AnswerToKeep;

export interface Counts {
  readonly webhooks: number;
  readonly events: number;
  readonly deliveries: Readonly<Record<DeliveryStatus, number>>;
}

export interface AccountStore {
  /** Finds the account or makes it as `initial` says; `opens` grows by one per call. */
  openAccount(keyHash: string, initial: Pick<Account, 'seed' | 'clock'>): Promise<Account>;
  /** Seed of the account's campaigns: a snapshot brings its own. */
  seed(account: AccountKey): Promise<number>;
  /** Key hashes of the accounts that have something pending or a campaign: what must be woken after a restart. */
  accountsWithWork(): Promise<readonly string[]>;
  saveClock(account: AccountKey, clock: ClockRecord): Promise<void>;
  counts(account: AccountKey): Promise<Counts>;
  /** Removes webhooks, events, deliveries, attempts, campaigns and remembered answers; the account itself stays. */
  resetAccount(account: AccountKey): Promise<void>;
  /**
   * Everything of one account, its secrets included. Rows are read in slices, and the event loop runs in between: the
   * caller lets nothing change the account until the last one is read.
   */
  exportAccount(account: AccountKey): Promise<AccountExport>;
  /**
   * All or nothing, the clock and the seed included.
   *
   * @throws {SnapshotError}
   */
  importAccount(account: AccountKey, dump: AccountDump): Promise<void>;
}

/** A row of a snapshot. */
export type DumpRow = Readonly<Record<string, string | number | null>>;

/** Rows of one account, by table, with its internal keys; `version` is that of this form. Any store loads what another saved. */
export interface AccountDump {
  readonly version: number;
  /** Seed that the campaigns were drawn with, and how often the account had been opened; undefined before version 3. */
  readonly seed?: number | undefined;
  readonly opens?: number | undefined;
  readonly clock: ClockRecord;
  readonly tables: Readonly<Record<string, readonly DumpRow[]>>;
}

/** An {@link AccountDump} whose rows are read slice by slice. */
export interface AccountExport extends Omit<AccountDump, 'tables'> {
  /** Every table in turn, an empty one too; a table's slices follow one another. */
  readonly slices: AsyncIterable<DumpSlice>;
}

export interface DumpSlice {
  readonly table: string;
  readonly rows: readonly DumpRow[];
}

export interface WebhookStore {
  /** @returns null when the account already has `limit` webhooks. */
  createWebhook(
    account: AccountKey,
    webhook: NewWebhook,
    limit: number,
    remember?: Remember<Webhook>,
  ): Promise<Webhook | null>;
  /** Newest last. */
  listWebhooks(account: AccountKey): Promise<readonly Webhook[]>;
  updateWebhook(
    account: AccountKey,
    id: string,
    changes: WebhookChanges,
    remember?: Remember<Webhook>,
  ): Promise<Webhook | null>;
  /** Cancels what is pending, keeps the history. @returns null when there is none, else the cancelled deliveries' ids. */
  deleteWebhook(account: AccountKey, id: string, now: Millis): Promise<readonly string[] | null>;
}

export interface QueueStore {
  /** @param emitted saved with the events, as by {@link CampaignStore.saveEmitted} */
  publish(
    account: AccountKey,
    events: readonly NewEvent[],
    emitted?: number,
  ): Promise<PublishResult>;
  /** @returns null when there is no delivery `of`, or its webhook is gone. */
  redeliver(account: AccountKey, redelivery: NewRedelivery): Promise<Delivery | null>;
  /** Takes up to `limit` deliveries due at or before `now`, oldest due first, and marks them in flight. */
  claimDue(webhook: WebhookKey, now: Millis, limit: number): Promise<readonly Claim[]>;
  /** Due time of the oldest pending delivery per webhook of the account; webhooks without one are left out. */
  nextDueAt(account: AccountKey): Promise<ReadonlyMap<WebhookKey, Millis>>;
  /**
   * Attempts may belong to different accounts. A record that does not fit its delivery (it is not in flight, or this is
   * not its next attempt) is refused, and the others are written. Throws when nothing could be written, e.g. on a full
   * disk: the same call may succeed later.
   *
   * @returns the refused records
   */
  recordAttempts(records: readonly AttemptRecord[]): Promise<readonly AttemptRecord[]>;
  /** Gives claims back unattempted, as they were. */
  release(deliveries: readonly number[]): Promise<void>;
  /** After a crash: what was in flight is pending again at its old due time (cancelled if its webhook is gone). @returns how many. */
  recover(): Promise<number>;
}

/** Something done to an account's campaigns: plain data that only the simulator reads. */
export interface StoredCommand {
  readonly at: Millis;
  /** Events of the campaigns that had come out before it. */
  readonly emitted: number;
  readonly body: string;
}

export interface CampaignStore {
  appendCommand(
    account: AccountKey,
    command: StoredCommand,
    remember?: Remember<void>,
  ): Promise<void>;
  /** In the order in which they came. */
  commands(account: AccountKey): Promise<readonly StoredCommand[]>;
  /** How many events of the campaigns have come out: published, or heard by nobody. */
  emitted(account: AccountKey): Promise<number>;
  saveEmitted(account: AccountKey, emitted: number): Promise<void>;
}

export interface HistoryStore {
  listEvents(account: AccountKey, filter: EventFilter, page: Page): Promise<readonly EventRow[]>;
  getEvent(account: AccountKey, id: string): Promise<EventRow | null>;
  listDeliveries(
    account: AccountKey,
    filter: DeliveryFilter,
    page: Page,
  ): Promise<readonly Delivery[]>;
  getDelivery(account: AccountKey, id: string): Promise<DeliveryDetail | null>;
  /** Unacknowledged, oldest first: `after` is the `seq` of the last one seen. */
  listDeadLetters(
    account: AccountKey,
    webhook: WebhookKey,
    page: Page,
  ): Promise<readonly DeadLetter[]>;
  /** Acknowledged ones too. */
  getDeadLetter(
    account: AccountKey,
    webhook: WebhookKey,
    eventId: string,
  ): Promise<DeadLetter | null>;
  /** Idempotent: a second call keeps the first time. @returns null when there is no such dead letter. */
  acknowledge(
    account: AccountKey,
    webhook: WebhookKey,
    eventId: string,
    now: Millis,
  ): Promise<DeadLetter | null>;
}

export interface IdempotencyStore {
  /** The answer remembered for this key, unless it is older than `notBefore` (real time). */
  recall(account: AccountKey, key: string, notBefore: Millis): Promise<StoredAnswer | null>;
}

/** Whether state can be kept at all. Every method of a store rejects with {@link StoreFailure} when the medium fails. */
export interface StoreHealth {
  /**
   * Writes something that changes nothing.
   *
   * @throws {StoreFailure}
   */
  checkWritable(): Promise<void>;
  /**
   * Calls `listener` whenever a method rejects with a {@link StoreFailure}: whoever waits for something that is retried
   * behind the scenes learns of it.
   *
   * @returns the function that ends the subscription
   */
  onFailure(listener: (failure: StoreFailure) => void): () => void;
}

export interface Store
  extends
    AccountStore,
    WebhookStore,
    QueueStore,
    CampaignStore,
    HistoryStore,
    IdempotencyStore,
    StoreHealth {
  /** Where state is kept, in words for a person: `memory` or a file's path. */
  readonly location: string;
  /** Writes back what is buffered and lets go of the file. */
  close(): Promise<void>;
}

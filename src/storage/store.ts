/**
 * Storage port: what the engine needs from a store, and what every adapter (memory, SQLite, …) must guarantee.
 * `test/contract/` checks most of it; an adapter's test file calls `storeContract` and `randomStoreCalls`.
 *
 * ## Delivery states
 *
 * A delivery is one event addressed to one webhook. The arrows are the only transitions; `delivery-transitions.ts` in the
 * domain decides those that depend on an outcome or on a deleted webhook, so that all adapters agree.
 *
 * | from | to | by |
 * |---|---|---|
 * | (new) | `pending` | {@link QueueStore.publish}, {@link QueueStore.redeliver} |
 * | (new) | `in_flight` | {@link QueueStore.publish} with `claimed: true` |
 * | `pending` | `in_flight` | {@link QueueStore.claimDue} |
 * | `in_flight` | `pending` at `nextAttemptAt` | {@link QueueStore.recordAttempts}, if a retry follows |
 * | `in_flight` | `delivered`, `dead`, `cancelled` | {@link QueueStore.recordAttempts}, settled at `endedAt` |
 * | `in_flight` | `pending` at its old due time | {@link QueueStore.release}, {@link QueueStore.recover}, {@link AccountStore.openAccount} |
 * | `pending` | `cancelled` | {@link WebhookStore.deleteWebhook}, settled at `now` |
 * | `dead` | `acknowledged` | {@link HistoryStore.acknowledge} |
 *
 * Deleting a webhook does not touch its deliveries in flight. When such a delivery would become `pending` again, it
 * becomes `cancelled` instead: settled at the end of the attempt if one was recorded, at the webhook's deletion if it was
 * released or recovered. A `delivered` or `dead` result stands.
 *
 * `in_flight` is a claim of the running process, not durable state. An adapter may keep it in memory: after a crash,
 * `recover` has to find every delivery that was in flight and make it claimable again. Delivery is therefore at least
 * once: an attempt that was sent but not recorded is made again.
 *
 * ## Callers
 *
 * One process uses a store at a time; an adapter whose medium can be shared must lock out a second process when it opens.
 * Or several processes do, each with accounts of its own, behind a fence that the adapter checks in every transaction.
 * {@link QueueStore.recover} is called once after opening, before anything is claimed. Claims, attempts and releases come
 * from the dispatcher only. A store has no clock: `now` is always an argument, in the virtual time of the account, except
 * for stored responses, which age in real time.
 *
 * ## Order, atomicity, durability
 *
 * - Each method is one transaction: it takes effect completely or not at all. Three methods may spread their work over
 *   several turns of the event loop so that other accounts are served meanwhile; each says below what a reader sees until
 *   it resolves: {@link WebhookStore.deleteWebhook}, {@link AccountStore.resetAccount}, {@link AccountStore.importAccount}.
 * - A write that is called after a `publish` of the same account takes effect after it, even if the `publish` was not
 *   awaited; for `deleteWebhook`, `resetAccount`, `acknowledge` and commands this is guaranteed. Otherwise await the first
 *   call if the order matters: an adapter may commit concurrent calls together, and a read may miss a write that has not
 *   resolved yet.
 * - When a method resolves, its effect survives a killed process if the adapter is persistent at all. Losing the last
 *   commits in a power failure is acceptable.
 * - Methods that take an {@link AccountKey} neither read nor change any other account.
 *
 * ## Failure
 *
 * - Every method rejects with {@link StoreFailure} if the medium fails (disk full, read-only, I/O error, corrupt file).
 *   Nothing was written then, the store stays usable, and the same call may succeed later. Reads should work as long as
 *   the medium can be read, even if it cannot be written.
 * - A conflict that the caller can handle is a result, not an error: `duplicateId`, a refused record, null for what does
 *   not exist.
 * - An unknown account or webhook key, a reused webhook id and a call on a closed store are programming errors: the method
 *   rejects with an ordinary `Error`.
 * - Behind a fence, every method that takes an account, or a webhook of one, rejects with `LeaseLost` once the process
 *   has lost the account: nothing was written. Records are refused instead, so that those of other accounts are written.
 * - An error thrown by a {@link Remember} callback rejects the call with that error, and nothing is written.
 * - Opening a store, and `recover`, may reject with an adapter's own error whose message names the location, the cause and
 *   the remedy: the user sees it at startup.
 *
 * ## Numbering
 *
 * Events and deliveries are numbered from 1 within their account, in the order in which they were published; redeliveries
 * continue the deliveries' numbers. Keys and `dlv_…` ids follow from these numbers (`delivery-id.ts` in the domain), so the
 * same calls give the same ids in every adapter, and a snapshot keeps its ids wherever it is loaded. A reset does not
 * reuse numbers.
 *
 * @module
 */
import type { Account, ClockRecord } from '../domain/account.ts';
import type {
  AccountKey,
  Delivery,
  DeliveryDetail,
  Millis,
  Webhook,
  WebhookKey,
} from '../domain/delivery.ts';
import type { StoreFailure } from '../domain/store-failure.ts';
import type {
  AccountDump,
  AccountExport,
  AttemptRecord,
  Claim,
  Counts,
  DeadLetter,
  DeliveryFilter,
  EventFilter,
  EventRow,
  ListedDelivery,
  NewEvent,
  NewRedelivery,
  NewWebhook,
  Page,
  PublishResult,
  Remember,
  StoredCommand,
  StoredResponse,
  WebhookChanges,
} from './types.ts';

export type {
  AccountDump,
  AccountExport,
  AttemptRecord,
  Claim,
  Counts,
  DeadLetter,
  DeliveryFilter,
  DumpRow,
  DumpSlice,
  EventFilter,
  EventRow,
  ListedDelivery,
  NewDelivery,
  NewEvent,
  NewRedelivery,
  NewWebhook,
  Page,
  PublishResult,
  Remember,
  ResponseToStore,
  StoredCommand,
  StoredResponse,
  WebhookChanges,
} from './types.ts';

/** Accounts, their clocks and their snapshots. */
export interface AccountStore {
  /**
   * Opens the account of an API key, creating it with `initial` if it does not exist. Increments `opens` on every call.
   * Releases all claims of the account: its previous holder has closed it, and their records are refused.
   *
   * @param keyHash SHA-256 of the API key, in hex
   * @param initial ignored if the account exists
   */
  openAccount(keyHash: string, initial: Pick<Account, 'seed' | 'clock'>): Promise<Account>;
  /** Seed of the account's campaigns. It changes when a snapshot is imported. */
  seed(account: AccountKey): Promise<number>;
  /** Key hashes of all accounts that have pending deliveries or a campaign: those to open after a restart. */
  accountsWithWork(): Promise<readonly string[]>;
  /** Saves the clock's state, so that it continues from there after a restart. */
  saveClock(account: AccountKey, clock: ClockRecord): Promise<void>;
  /** Counts rows. Called for every request of some clients, so its time must not grow with the number of rows. */
  counts(account: AccountKey): Promise<Counts>;
  /**
   * Deletes webhooks, events, deliveries, attempts, campaigns and stored responses; the account itself stays, with its
   * clock and seed.
   *
   * Atomic for readers and after a crash: nothing of the old rows can be reached from the first transaction on, even if
   * deleting them takes longer. Rows that are created while it runs are kept. Claims of the account become invalid: their
   * records are refused.
   */
  resetAccount(account: AccountKey): Promise<void>;
  /**
   * Reads everything of one account, including its secrets. Deliveries in flight are exported as pending.
   *
   * Not atomic: rows are read in slices, and the event loop runs in between. The caller must prevent changes to the account
   * until the last slice was read. An iteration that is abandoned must not hold a lock.
   */
  exportAccount(account: AccountKey): Promise<AccountExport>;
  /**
   * Replaces everything of an account, including its clock and seed, with a snapshot of any adapter. `opens` becomes the
   * larger of both values. Webhooks get new keys; events and deliveries keep their numbers and ids.
   *
   * All or nothing: if it rejects, and after a crash, the account is as it was. Claims of the account become invalid. The
   * event loop may run meanwhile; the caller must prevent changes to the account until it resolves.
   *
   * @param dump untrusted: every row is checked before anything changes
   * @throws {SnapshotError} if the snapshot is invalid; the message names table, row and column
   */
  importAccount(account: AccountKey, dump: AccountDump): Promise<void>;
}

/** Registered webhooks. */
export interface WebhookStore {
  /**
   * Creates a webhook.
   *
   * @param limit maximum number of webhooks that are not deleted
   * @param remember stores the response in the same transaction; not called if the result is null
   * @returns null if the account has `limit` webhooks already
   */
  createWebhook(
    account: AccountKey,
    webhook: NewWebhook,
    limit: number,
    remember?: Remember<Webhook>,
  ): Promise<Webhook | null>;
  /** Lists the webhooks that are not deleted, newest last. */
  listWebhooks(account: AccountKey): Promise<readonly Webhook[]>;
  /**
   * Changes a webhook. Deliveries that are pending or in flight are not touched.
   *
   * @param remember stores the response in the same transaction; not called if the result is null
   * @returns the changed webhook; null if it does not exist
   */
  updateWebhook(
    account: AccountKey,
    id: string,
    changes: WebhookChanges,
    remember?: Remember<Webhook>,
  ): Promise<Webhook | null>;
  /**
   * Deletes a webhook and cancels its pending deliveries; its history stays. Deliveries in flight are not touched: see
   * above.
   *
   * From the first transaction on, the webhook is gone and none of its deliveries can be claimed. The deliveries may be
   * cancelled in slices after that; `recover` cancels those that a crash left pending.
   *
   * @returns ids of the cancelled deliveries, oldest first, in slices; null if the webhook does not exist. An adapter may
   * read them while they are iterated. The iteration ends early if the account's rows are replaced or the store is closed
   */
  deleteWebhook(
    account: AccountKey,
    id: string,
    now: Millis,
  ): Promise<AsyncIterable<readonly string[]> | null>;
}

/** The hot path: publish, claim, record. */
export interface QueueStore {
  /**
   * Saves events and their deliveries: all of them, or none if an id exists already or occurs twice. Concurrent calls
   * are independent: one with a duplicate id does not affect the others.
   *
   * @param emitted saved in the same transaction, as by {@link CampaignStore.saveEmitted}
   */
  publish(
    account: AccountKey,
    events: readonly NewEvent[],
    emitted?: number,
  ): Promise<PublishResult>;
  /**
   * Creates a pending delivery of the same event to the same webhook.
   *
   * @returns null if the delivery `of` does not exist or its webhook was deleted
   */
  redeliver(account: AccountKey, redelivery: NewRedelivery): Promise<Delivery | null>;
  /**
   * Claims up to `limit` pending deliveries that are due at or before `now`, ordered by due time and then by number. Each
   * delivery is claimed once until it is recorded or released. The result is empty for a deleted webhook.
   *
   * The cost must not grow with the number of pending deliveries.
   */
  claimDue(webhook: WebhookKey, now: Millis, limit: number): Promise<readonly Claim[]>;
  /**
   * Due time of the earliest pending delivery of each webhook of the account. Paused webhooks are included; deleted ones
   * and those without pending deliveries are not.
   */
  nextDueAt(account: AccountKey): Promise<ReadonlyMap<WebhookKey, Millis>>;
  /**
   * Records the results of attempts and moves their deliveries on, all in one transaction. Records may belong to different
   * accounts, and one that cannot be written must not hold up the others.
   *
   * A record is refused, and the others are written, if its delivery is not in flight (it was recorded, released, reset or
   * never existed) or if `attempt.number` is not the number of attempts made so far plus one. Repeating a refused record
   * cannot help.
   *
   * `nextAttemptAt` is stored as null if no attempt follows because the webhook was deleted.
   *
   * @returns the refused records
   * @throws {StoreFailure} if nothing could be written; all deliveries are still in flight, so the same call can be repeated
   */
  recordAttempts(records: readonly AttemptRecord[]): Promise<readonly AttemptRecord[]>;
  /**
   * Returns claims without an attempt: the deliveries are pending again, at their old due time. Ignores keys that are not
   * in flight.
   */
  release(deliveries: readonly number[]): Promise<void>;
  /**
   * Restores a consistent state after a crash: releases everything that was in flight, of all accounts, and completes
   * interrupted deletions. Called once after opening; harmless on a store that was closed cleanly.
   *
   * @returns how many deliveries were restored, for the log
   */
  recover(): Promise<number>;
}

/** Campaigns, as the log of their commands. */
export interface CampaignStore {
  /**
   * Appends a command to the account's log.
   *
   * @param remember stores the response in the same transaction
   */
  appendCommand(
    account: AccountKey,
    command: StoredCommand,
    remember?: Remember<void>,
  ): Promise<void>;
  /** All commands, in the order in which they were appended. */
  commands(account: AccountKey): Promise<readonly StoredCommand[]>;
  /** Number of campaign events emitted so far, including those that no webhook is subscribed to; 0 at first. */
  emitted(account: AccountKey): Promise<number>;
  /** Replaces the number of emitted events. Only needed if nothing is published with them: see {@link QueueStore.publish}. */
  saveEmitted(account: AccountKey, emitted: number): Promise<void>;
}

/** Events, deliveries and dead letters. Reads reflect the state at the time of the call. */
export interface HistoryStore {
  /** Lists events, newest first. */
  listEvents(account: AccountKey, filter: EventFilter, page: Page): Promise<readonly EventRow[]>;
  /** @returns null if the account has no such event */
  getEvent(account: AccountKey, id: string): Promise<EventRow | null>;
  /** Lists deliveries, newest first; none if the filter names a webhook or an event that does not exist. */
  listDeliveries(
    account: AccountKey,
    filter: DeliveryFilter,
    page: Page,
  ): Promise<readonly ListedDelivery[]>;
  /** @returns the delivery with its body and attempts; null if the account has no such delivery */
  getDelivery(account: AccountKey, id: string): Promise<DeliveryDetail | null>;
  /** Lists dead letters that are not acknowledged, by event, oldest first; none for a deleted webhook. */
  listDeadLetters(
    account: AccountKey,
    webhook: WebhookKey,
    page: Page,
  ): Promise<readonly DeadLetter[]>;
  /** @returns the dead letter, even if it was acknowledged; null if the event is not dead or the webhook was deleted */
  getDeadLetter(
    account: AccountKey,
    webhook: WebhookKey,
    eventId: string,
  ): Promise<DeadLetter | null>;
  /**
   * Acknowledges all dead deliveries of an event to a webhook. Idempotent: a second call keeps the first time.
   *
   * @returns the dead letter; null if it does not exist
   */
  acknowledge(
    account: AccountKey,
    webhook: WebhookKey,
    eventId: string,
    now: Millis,
  ): Promise<DeadLetter | null>;
}

/** Stored responses. They are written by {@link Remember} callbacks. */
export interface IdempotencyStore {
  /**
   * Finds the response to the request with this `Idempotency-Key`.
   *
   * @param notBefore real time; null is returned for a response stored before it
   */
  findResponse(account: AccountKey, key: string, notBefore: Millis): Promise<StoredResponse | null>;
}

/** Health of the medium. */
export interface StoreHealth {
  /**
   * Proves that the medium can be written, by a write that changes nothing. Readiness probes call it.
   *
   * @throws {StoreFailure} if it cannot
   */
  checkWritable(): Promise<void>;
  /**
   * Calls `listener` whenever a method rejects with a {@link StoreFailure}, so that a caller that waits for work retried in
   * the background can give up.
   *
   * @returns function that ends the subscription
   */
  onFailure(listener: (failure: StoreFailure) => void): () => void;
}

/** A store of all accounts. Opened by the adapter's own function. */
export interface Store
  extends
    AccountStore,
    WebhookStore,
    QueueStore,
    CampaignStore,
    HistoryStore,
    IdempotencyStore,
    StoreHealth {
  /** Where state is kept, for people: `memory` or the path of a file. */
  readonly location: string;
  /**
   * Writes what is still buffered, resolves the calls that wait for it, and releases the medium. Idempotent; other methods
   * reject afterwards.
   */
  close(): Promise<void>;
}

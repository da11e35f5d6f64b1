/**
 * The engine's interface to servers, commands and tests.
 *
 * @module
 */
import type { Account } from '../domain/account.ts';
import type {
  Attempt,
  Delivery,
  DeliveryDetail,
  Millis,
  Outcome,
  SignatureMode,
  StoredEvent,
  Webhook,
} from '../domain/delivery.ts';
import type { EventType } from '../../schemas/contract.ts';
import type { ClockMode } from '../clock/port.ts';
import type { EventSource, EventToPublish } from './event-source.ts';
import type { FaultRules } from './faults/rules.ts';
import type {
  AccountDump,
  AccountExport,
  Counts,
  DeadLetter,
  Remember,
  Store,
} from '../storage/store.ts';

export interface Registration {
  readonly url: string;
  readonly events: readonly (EventType | '*')[];
  readonly secret: string;
}

export interface Published {
  readonly events: readonly StoredEvent[];
  /** In their state before the first attempt. */
  readonly deliveries: readonly Delivery[];
  /** Number of events, the last ones of the request, that were not published because the store failed midway. */
  readonly missing: number;
}

export interface ClockView {
  readonly mode: ClockMode;
  readonly rate: number;
  readonly now: Millis;
  /** Due time of the next attempt or simulated event; null if nothing is scheduled. */
  readonly nextDueAt: Millis | null;
  readonly inFlight: number;
}

export interface Advanced {
  readonly from: Millis;
  readonly to: Millis;
  /** Attempts made meanwhile. */
  readonly attempts: number;
}

/** Exactly one of the three, in virtual milliseconds. `settled` advances until nothing is pending. */
export type AdvanceTarget =
  | { readonly by: Millis }
  | { readonly to: Millis }
  | { readonly until: 'settled' | 'next_attempt' };

/** Everything that happens in one account, in order. */
export type AccountEvent =
  | {
      readonly type: 'webhook.created' | 'webhook.updated' | 'webhook.deleted';
      readonly webhook: Webhook;
    }
  | {
      readonly type: 'event.published';
      readonly event: StoredEvent;
      readonly deliveries: readonly string[];
    }
  | {
      readonly type: 'delivery.attempted';
      readonly delivery: {
        readonly id: string;
        readonly eventId: string;
        readonly eventType: EventType;
        readonly webhookId: string;
        /** The genuine body, before any fault. */
        readonly body: string;
        readonly signature: SignatureMode;
      };
      readonly attempt: Attempt;
      readonly status: 'pending' | 'delivered' | 'dead' | 'cancelled';
    }
  | { readonly type: 'delivery.cancelled' | 'delivery.acknowledged'; readonly id: string }
  | { readonly type: 'clock.changed'; readonly clock: ClockView }
  | { readonly type: 'account.reset' };

/**
 * One open account. Methods reject with a `Problem` if the caller can fix the cause, with `StoreFailure` if the store fails.
 *
 * @typeParam Source the account's event source, through which the simulator is reached
 */
export interface AccountEngine<Source extends EventSource = EventSource> {
  readonly account: Account;
  readonly source: Source;
  /** For reads. Writes that affect deliveries must use the methods below. */
  readonly store: Store;
  /** Faults injected on the sender's side, created on first use. */
  readonly faults: () => FaultRules;
  /** Aborted when the account is closed here, with the `Problem` that all methods reject with from then on. */
  readonly closed: AbortSignal;

  /** @param remember stores the response for its idempotency key, in the same transaction */
  register(registration: Registration, remember?: Remember<Webhook>): Promise<Webhook>;
  webhooks(): Promise<readonly Webhook[]>;
  webhook(id: string): Promise<Webhook>;
  updateWebhook(
    id: string,
    changes: Partial<Registration & Pick<Webhook, 'status'>>,
    remember?: Remember<Webhook>,
  ): Promise<Webhook>;
  removeWebhook(id: string): Promise<void>;

  /**
   * Resolves once the events are durable, without waiting for attempts. Up to a few hundred rows are published
   * atomically, more in batches: see `publish-in-batches.ts`.
   */
  publish(events: readonly EventToPublish[]): Promise<Published>;
  redeliver(
    deliveryId: string,
    how: { readonly body: string | null; readonly signature: SignatureMode },
  ): Promise<Delivery>;
  acknowledge(webhookId: string, eventId: string): Promise<DeadLetter>;

  /** @returns the delivery when it reached the state, or after `timeoutMs` real milliseconds with `reached: false` */
  waitFor(
    deliveryId: string,
    until: 'settled' | 'delivered' | 'dead',
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<{ readonly reached: boolean; readonly delivery: DeliveryDetail }>;

  now(): Millis;
  clock(): Promise<ClockView>;
  setClock(setting: {
    readonly mode: ClockMode;
    readonly rate?: number | undefined;
  }): Promise<ClockView>;
  /** Runs after the clock changes requested before; stops between two steps if `signal` is aborted. */
  advance(target: AdvanceTarget, signal?: AbortSignal): Promise<Advanced>;

  counts(): Promise<Counts>;
  reset(): Promise<void>;
  /** Pass all rows of the account to `read`. The account is suspended until `read` resolves; other accounts keep running. */
  snapshot<T>(read: (snapshot: AccountExport) => Promise<T>): Promise<T>;
  restore(dump: AccountDump): Promise<void>;

  /** @param listener must not throw. @returns a function that ends the subscription */
  subscribe(listener: (event: AccountEvent) => void): () => void;
  /** Generate a unique id: `evt_…` or `whk_…`. */
  newId(prefix: 'evt' | 'whk'): string;
}

/** Must not throw. */
export type AccountListener<Source extends EventSource = EventSource> = (
  account: AccountEngine<Source>,
  apiKey: string | null,
) => void;

/** Metrics of the engine since it was created. */
export interface EngineFigures {
  readonly accounts: number;
  /** Accounts with pending work that could not be opened yet. */
  readonly unopenedAccounts: number;
  readonly inFlight: number;
  readonly attempts: ReadonlyMap<Outcome, number>;
}

/** How to close an account. */
export type CloseAccount =
  /** Another node owns the account already: cut everything, and write nothing. */
  | { readonly write: false }
  /** Claim no more, wait up to `graceMs` real milliseconds for attempts in flight, and leave the rest pending. */
  | { readonly write: true; readonly graceMs: number };

export interface Engine<Source extends EventSource = EventSource> {
  /** Open the account of an API key, creating it on first use. @throws {Problem} `UNAUTHORIZED` if the key is not accepted */
  open(apiKey: string): Promise<AccountEngine<Source>>;
  /** Key hash of an API key, which identifies its account. @throws {Problem} `UNAUTHORIZED` if the key is not accepted */
  identify(apiKey: string): string;
  /** Open an account without its API key. */
  openByHash(keyHash: string): Promise<AccountEngine<Source>>;
  /** Open accounts with pending work. Those that cannot be opened are retried. Never rejects. */
  resume(keyHashes: readonly string[]): Promise<void>;
  /**
   * Close an account. It can be opened again later. Its deliveries in flight are pending again then, so attempts whose
   * results were not recorded are repeated. Streams and waits end; requests under way reject with `ACCOUNT_MOVED`.
   */
  close(keyHash: string, how: CloseAccount): Promise<void>;
  /**
   * Call `listener` for every account, open or opened later: first with null, then with its API key as soon as a request
   * has named it. Keys are not stored, so an account with work from before a restart has none at first.
   */
  onAccount(listener: AccountListener<Source>): void;
  figures(): EngineFigures;
  /** Key hashes of the open accounts. */
  keyHashes(): readonly string[];
  /** Open the accounts with pending work from before a restart, unless their owners are decided elsewhere. */
  start(options?: { readonly opensAccounts: boolean }): Promise<void>;
  /** Claim no more, wait up to `graceMs` real milliseconds for attempts in flight, and leave the rest pending. */
  stop(graceMs: number): Promise<void>;
}

/**
 * What the engine offers: the contract between it and the servers, commands and tests that use it.
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

/** One event to publish: `data` is complete and valid, `timestamp` is the envelope's (virtual now when left out). */
export interface EventToPublish {
  readonly event: EventType;
  readonly data: Readonly<Record<string, unknown>>;
  readonly id?: string | undefined;
  readonly timestamp?: string | undefined;
  /** When it happened on the account's clock: now when left out. */
  readonly at?: Millis | undefined;
  /** Deliver to this webhook only, whatever it subscribes to. */
  readonly webhookId?: string | undefined;
}

export interface Published {
  readonly events: readonly StoredEvent[];
  /** As they stand before their first attempt. */
  readonly deliveries: readonly Delivery[];
  /** Events that were not published, because the store failed after others were: the last ones of the request. */
  readonly missing: number;
}

export interface ClockView {
  readonly mode: ClockMode;
  readonly rate: number;
  readonly now: Millis;
  /** Due time of the next attempt; null when nothing waits. */
  readonly nextDueAt: Millis | null;
  readonly inFlight: number;
}

export interface Advanced {
  readonly from: Millis;
  readonly to: Millis;
  /** Attempts that were made on the way. */
  readonly attempts: number;
}

/** Exactly one of the three. `settled` goes on until nothing is pending. */
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
      };
      readonly attempt: Attempt;
      readonly status: 'pending' | 'delivered' | 'dead' | 'cancelled';
    }
  | { readonly type: 'delivery.cancelled' | 'delivery.acknowledged'; readonly id: string }
  | { readonly type: 'clock.changed'; readonly clock: ClockView }
  | { readonly type: 'account.reset' };

/** One account at work. Methods throw `Problem` for what a caller can mend. */
export interface AccountEngine {
  readonly account: Account;
  /** Reads go straight to the store; writes that matter to deliveries go through the methods below. */
  readonly store: Store;
  /** What goes wrong on the sender's side. */
  readonly faults: FaultRules;

  /** @param remember keeps the answer to the request with what it did */
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
   * Answers when everything is durable, before the first attempt is over. A few hundred rows are all or nothing; more
   * are published in batches, see `publish-in-batches.ts`.
   */
  publish(events: readonly EventToPublish[]): Promise<Published>;
  redeliver(
    deliveryId: string,
    how: { readonly body: string | null; readonly signature: SignatureMode },
  ): Promise<Delivery>;
  acknowledge(webhookId: string, eventId: string): Promise<DeadLetter>;

  /** @returns the delivery as it is when it got there, or when `timeoutMs` of real time were over. */
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
  /** Queues behind a running advance; stops between two steps when `signal` is aborted. */
  advance(target: AdvanceTarget, signal?: AbortSignal): Promise<Advanced>;

  counts(): Promise<Counts>;
  reset(): Promise<void>;
  /** Has `read` read all that the account holds. Nothing in it changes until that is done; other accounts go on. */
  snapshot<T>(read: (snapshot: AccountExport) => Promise<T>): Promise<T>;
  restore(dump: AccountDump): Promise<void>;

  /** @returns the function that ends the subscription. A listener must not throw. */
  subscribe(listener: (event: AccountEvent) => void): () => void;
  /** A fresh id: `evt_…` or `whk_…`. */
  newId(prefix: 'evt' | 'whk'): string;
}

/** Figures of the whole engine since it was made. */
export interface EngineFigures {
  readonly accounts: number;
  /** Accounts with work that could not be opened so far. */
  readonly unopenedAccounts: number;
  readonly inFlight: number;
  readonly attempts: ReadonlyMap<Outcome, number>;
}

export interface Engine {
  /** Opens the account of an API key, making it on first use. Throws `unauthorized` when only listed keys are allowed. */
  open(apiKey: string): Promise<AccountEngine>;
  figures(): EngineFigures;
  /** Wakes the accounts that have something pending from before a restart. */
  start(): Promise<void>;
  /** Takes no new work, lets attempts in flight finish for up to `graceMs`, and leaves the rest pending. */
  stop(graceMs: number): Promise<void>;
}

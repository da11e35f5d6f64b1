/**
 * Interface of the dispatcher of one account, and its dependencies. States and failure: see `dispatcher.ts`.
 *
 * @module
 */
import type { SystemClock } from '../../clock/port.ts';
import type { Millis, Outcome, Webhook, WebhookKey } from '../../domain/delivery.ts';
import type { RemedyTexts } from '../../domain/remedies.ts';
import type { Claim, Store } from '../../storage/store.ts';
import type { AccountClock } from '../account-clock.ts';
import type { Capacity } from './capacity.ts';
import type { FaultRules, NewRule } from '../faults/rules.ts';
import type { EventSource, EventPublisher } from '../event-source.ts';
import type { Recorder } from './recorder.ts';
import type { Transport } from '../delivery/transport.ts';

/** Dependencies shared by all dispatchers of an engine. */
export interface DispatchContext {
  readonly store: Store;
  readonly wall: SystemClock;
  readonly transport: Transport;
  readonly recorder: Recorder;
  readonly capacity: Capacity;
  /** Real milliseconds that one attempt may take. */
  readonly attemptTimeoutMs: Millis;
  /** Maximum number of attempts in flight per webhook. */
  readonly concurrency: number;
  /** Initial fault rules of every account. */
  readonly chaos: readonly NewRule[];
  /** Texts for remedies that change the sandbox's configuration. */
  readonly remedies: RemedyTexts;
  /** Attempts made, counted by outcome. */
  readonly attempts: Map<Outcome, number>;
}

export interface Dispatcher {
  /** Attempts sent but not recorded yet, including those whose end the clock has not reached. */
  inFlight(): number;
  /** Attempts recorded so far. */
  attempts(): number;
  /** Due time of the next attempt of an active webhook or next event of the source; null if nothing is scheduled. */
  earliestDue(): Millis | null;
  /** As `earliestDue`, or the virtual end of a timed-out attempt if that is earlier. */
  nextStep(): Millis | null;
  /** Schedule a check for due work. */
  wake(): void;
  /** Reserve a place for a delivery that is due now and about to be stored; false if it must be claimed later. */
  reserve(webhook: WebhookKey): boolean;
  /** Send the stored deliveries, using the reserved places. Never rejects: they are durable already. */
  accept(claims: readonly Claim[]): Promise<void>;
  /** Return reserved places. */
  unreserve(webhooks: Iterable<WebhookKey>): void;
  /** Announce that a delivery of this webhook is due at `at`. */
  planned(webhook: WebhookKey, at: Millis): void;
  /** Add a webhook or replace its settings. */
  putWebhook(webhook: Webhook): Promise<void>;
  /** Remove a webhook; call it before the store cancels its deliveries. @returns a function that undoes the removal */
  dropWebhook(key: WebhookKey): Promise<() => void>;
  /** Take on the account's webhooks, without pending deliveries. Call it once, before any other method. */
  begin(webhooks: readonly Webhook[]): void;
  /** Take on the due times of pending deliveries, and schedule a check for due work. */
  expect(due: ReadonlyMap<WebhookKey, Millis>): void;
  /** Whether it could be replaced by a new one: no delivery is pending, no event scheduled, and no round or call of `idle` runs. */
  isAtRest(): boolean;
  /**
   * Replace the account's rows. Suspends the generation, resolves pending `idle` calls, then calls `replaceRows`. If that
   * rejects, the generation is resumed unchanged. Otherwise it is discarded, and a new one is loaded and started once
   * `finish` is done.
   */
  replace(replaceRows: () => Promise<void>, finish: () => Promise<void>): Promise<void>;
  /** Suspend claiming, sending and recording while `work` runs. Requests in flight continue. */
  pause<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is due or in flight in real time, or when the account is about to be replaced. */
  idle(): Promise<void>;
  /** Stop claiming and sending, and return unsent claims to the store. */
  stop(): Promise<void>;
  /**
   * Cut attempts in flight at once, and record nothing more; they are repeated after the next start. Resolves pending
   * `idle` calls, and itself when the running round has finished.
   */
  abandon(): Promise<void>;
}

/** The parts of an account that drive its dispatcher. */
export interface DispatchSources {
  readonly clock: AccountClock;
  readonly eventSource: EventSource;
  readonly eventPublisher: EventPublisher;
  readonly faults: FaultRules;
  /** Called after consecutive rounds when the dispatcher is at rest. */
  onRest(this: void): void;
}

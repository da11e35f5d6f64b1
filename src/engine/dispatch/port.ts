/**
 * What the dispatcher of one account is to the rest of the engine; `create-dispatcher.ts` is how it works.
 *
 * @module
 */
import type { SystemClock } from '../../clock/port.ts';
import type { Millis, Outcome, Webhook, WebhookKey } from '../../domain/delivery.ts';
import type { Claim, Store } from '../../storage/store.ts';
import type { AccountClock } from '../account-clock.ts';
import type { Capacity } from './capacity.ts';
import type { FaultRules, NewRule } from '../faults/rules.ts';
import type { EventSource, EventPublisher } from '../event-source.ts';
import type { Recorder } from './recorder.ts';
import type { Transport } from '../delivery/transport.ts';

/** What all dispatchers of one engine share. */
export interface DispatchContext {
  readonly store: Store;
  readonly wall: SystemClock;
  readonly transport: Transport;
  readonly recorder: Recorder;
  readonly capacity: Capacity;
  /** Real milliseconds that one attempt may take. */
  readonly attemptTimeoutMs: Millis;
  /** Attempts in flight per webhook at the most. */
  readonly concurrency: number;
  /** Rules that every account begins with. */
  readonly chaos: readonly NewRule[];
  /** Attempts made, counted by outcome. */
  readonly attempts: Map<Outcome, number>;
}

export interface Dispatcher {
  /** Attempts that are sent and not recorded yet, and those whose end the clock has not reached. */
  inFlight(): number;
  /** Attempts made so far. */
  attempts(): number;
  /** When something is due next: an attempt of an active webhook, or what happens by itself; null when nothing is. */
  earliestDue(): Millis | null;
  /** When the account's clock changes something next: as `earliestDue`, and the end of a timed-out attempt. */
  nextStep(): Millis | null;
  /** Something may be due: look, soon. */
  wake(): void;
  /** Keeps a place for a delivery that is due now and about to be published; false when it must wait its turn. */
  reserve(webhook: WebhookKey): boolean;
  /** Fills the places that were kept with what was published. */
  accept(claims: readonly Claim[]): Promise<void>;
  /** Gives kept places back. */
  unreserve(webhooks: Iterable<WebhookKey>): void;
  /** A delivery of this webhook is due at `at`. */
  planned(webhook: WebhookKey, at: Millis): void;
  putWebhook(webhook: Webhook): Promise<void>;
  /** To be called before the store cancels what waits for it. @returns the function that puts it back */
  dropWebhook(key: WebhookKey): Promise<() => void>;
  /** Reads webhooks and due times: to be called once, before anything else. */
  load(): Promise<void>;
  /**
   * Replaces all that the account holds. Suspends the generation and ends waiting `idle` calls, then has `rows` replace
   * the rows. When that fails, everything goes on as before; else the generation is discarded, the next one is loaded,
   * and starts once `rest` is done.
   */
  replace(rows: () => Promise<void>, rest: () => Promise<void>): Promise<void>;
  /** Claims, sends and records nothing while `work` runs, and goes on afterwards. What is in flight ends meanwhile. */
  pause<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is in flight in real time and nothing is due, or when the account is about to be replaced. */
  idle(): Promise<void>;
  /** Sends nothing any more. */
  stop(): Promise<void>;
  /** Records nothing any more and cuts what is in flight: it is attempted again after the next start. */
  abandon(): void;
}

/** What a dispatcher is driven by. */
export interface DispatchSources {
  readonly clock: AccountClock;
  readonly eventSource: EventSource;
  readonly eventPublisher: EventPublisher;
  readonly faults: FaultRules;
}

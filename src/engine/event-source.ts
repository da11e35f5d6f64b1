/**
 * Port for scheduled events on an account's clock, implemented by campaigns.
 *
 * The dispatcher asks for the time of the next event and runs it when the clock gets there. Events are published through
 * {@link EventPublisher}, which the dispatcher passes in.
 *
 * @module
 */
import type { EventType } from '../../schemas/contract.ts';
import type { Account } from '../domain/account.ts';
import type { Millis } from '../domain/delivery.ts';
import type { AccountDump, Store } from '../storage/store.ts';

/** One event to publish. `data` must be complete and valid; `timestamp` is the envelope's and defaults to the virtual time. */
export interface EventToPublish {
  readonly event: EventType;
  readonly data: Readonly<Record<string, unknown>>;
  readonly id?: string | undefined;
  readonly timestamp?: string | undefined;
  /** Virtual time at which the event happened. Default: now. */
  readonly at?: Millis | undefined;
  /** Deliver to this webhook only, whatever its subscriptions. */
  readonly webhookId?: string | undefined;
}

/** Publishes the events of an event source. */
export interface EventPublisher {
  /** Whether any active webhook subscribes to the type. Events without a subscriber are not published. */
  isSubscribed(type: EventType): boolean;
  /**
   * Publish atomically, together with the number of events emitted so far.
   *
   * @returns null, or the id of an event that the account already has; then nothing was published
   */
  publish(events: readonly EventToPublish[], emitted: number): Promise<string | null>;
}

export interface EventSource {
  /** Time of the next event; null if none is scheduled. */
  nextAt(): Millis | null;
  /** Publish, in order, all events due at or before `now`. Rejects if the store fails; the events are kept and retried. */
  runDue(now: Millis, eventPublisher: EventPublisher): Promise<void>;
  /** @param listener called when `nextAt` may have become earlier */
  onChange(listener: () => void): void;
  /**
   * Check that a snapshot can be continued, before anything is replaced.
   *
   * @throws {SnapshotError}
   */
  check(dump: AccountDump): Promise<void>;
  /** Run `work` while no command is executed and no event published. */
  pause<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Run `work`, which replaces the account's rows, while no command is executed and no event published, then reload. A
   * command of the previous state that was stored after `work` would make the account unreadable.
   */
  replace(work: () => Promise<void>): Promise<void>;
}

/** Load an account's event source from the store. */
export type OpenEventSource<Source extends EventSource> = (
  account: Account,
  store: Store,
) => Promise<Source>;

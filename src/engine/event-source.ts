/**
 * What happens on an account's clock by itself, beside deliveries: the port behind which campaigns run.
 *
 * @module
 */
import type { EventType } from '../../schemas/contract.ts';
import type { Account } from '../domain/account.ts';
import type { Millis } from '../domain/delivery.ts';
import type { AccountDump, Store } from '../storage/store.ts';
import type { EventToPublish } from './engine.ts';

/** What a eventSource publishes through. */
export interface EventPublisher {
  /** Whether an active webhook subscribes to it: what nobody isSubscribed is not published. */
  isSubscribed(type: EventType): boolean;
  /**
   * All or nothing, together with how many events have come out in all.
   *
   * @returns null, or the id of an event that the account has already: then nothing was published
   */
  publish(events: readonly EventToPublish[], emitted: number): Promise<string | null>;
}

export interface EventSource {
  /** When the next thing happens; null when nothing does. */
  nextAt(): Millis | null;
  /** Makes happen, in order, what is due at or before `now`. */
  runDue(now: Millis, eventPublisher: EventPublisher): Promise<void>;
  /** @param listener called when something may happen earlier than it was to */
  onChange(listener: () => void): void;
  /**
   * Checks, before anything is replaced, that what a snapshot holds can go on from where it stood.
   *
   * @throws {SnapshotError}
   */
  check(dump: AccountDump): Promise<void>;
  /** Runs `work` with no command and no event in between. */
  pause<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work`, which empties the account or puts a snapshot in its place, with no command and no event in between:
   * one that were kept after `work` but belongs to what was there before would make the account unreadable. Then reads
   * what is there.
   */
  replace(work: () => Promise<void>): Promise<void>;
}

/** Opens what an account's eventSource kept. */
export type OpenEventSource = (account: Account, store: Store) => Promise<EventSource>;

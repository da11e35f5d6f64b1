/**
 * Deliveries in flight. Kept in memory only: one process writes the file, and a crash makes them pending again.
 *
 * @module
 */
import type { Millis, WebhookKey } from '../../domain/delivery.ts';
import type { Partition } from './partitions.ts';

/** Values of a row that is inserted later: see `deferred-rows.ts`. */
export interface DeferredRow {
  /** Key of the event. */
  readonly event: number;
  /** Also the due time. */
  readonly createdAt: Millis;
}

/** A delivery in flight. */
export interface Flight {
  readonly partition: Partition;
  readonly webhook: WebhookKey;
  /** Code of the event's type. */
  readonly type: number;
  /** The delivery's row, if it has not been inserted yet; null otherwise. */
  deferred: DeferredRow | null;
}

export interface InFlight {
  has(delivery: number): boolean;
  get(delivery: number): Flight | undefined;
  add(delivery: number, flight: Flight): void;
  remove(delivery: number): void;
  /** Number of deliveries in flight to a webhook. */
  count(webhook: WebhookKey): number;
  /** Keys of an account's deliveries in flight. */
  of(partition: Partition): readonly number[];
  /** Notes that a webhook was deleted: its deliveries in flight never become pending again. */
  markWebhookDeleted(webhook: WebhookKey, at: Millis): void;
  /** When a webhook with deliveries in flight was deleted; undefined if it was not. */
  webhookDeletedAt(webhook: WebhookKey): Millis | undefined;
  clear(): void;
}

export const createInFlight = (): InFlight => {
  const flights = new Map<number, Flight>();
  const perWebhook = new Map<WebhookKey, number>();
  /** Deletion times of webhooks that still have deliveries in flight. */
  const deleted = new Map<WebhookKey, Millis>();
  const adjustCount = (webhook: WebhookKey, by: number): void => {
    const count = (perWebhook.get(webhook) ?? 0) + by;
    if (count > 0) {
      perWebhook.set(webhook, count);
      return;
    }
    perWebhook.delete(webhook);
    deleted.delete(webhook);
  };
  return {
    has: (delivery) => flights.has(delivery),
    get: (delivery) => flights.get(delivery),
    add: (delivery, flight) => {
      flights.set(delivery, flight);
      adjustCount(flight.webhook, 1);
    },
    remove: (delivery) => {
      const flight = flights.get(delivery);
      if (flight === undefined) return;
      flights.delete(delivery);
      adjustCount(flight.webhook, -1);
    },
    count: (webhook) => perWebhook.get(webhook) ?? 0,
    of: (partition) =>
      [...flights].filter(([, flight]) => flight.partition === partition).map(([key]) => key),
    markWebhookDeleted: (webhook, at) => {
      if (perWebhook.has(webhook)) deleted.set(webhook, at);
    },
    webhookDeletedAt: (webhook) => deleted.get(webhook),
    clear: () => {
      flights.clear();
      perWebhook.clear();
      deleted.clear();
    },
  };
};

/**
 * What is in flight: known to the one process that writes.
 *
 * @module
 */
import type { AccountKey, Millis, WebhookKey } from '../../domain/delivery.ts';

/** What a delivery without a row needs to get one. */
export interface Unwritten {
  readonly event: number;
  /** Also when it is due. */
  readonly createdAt: Millis;
}

export interface Flight {
  readonly account: AccountKey;
  readonly webhook: WebhookKey;
  /** Null once the delivery has a row. */
  unwritten: Unwritten | null;
}

export interface InFlight {
  has(delivery: number): boolean;
  get(delivery: number): Flight | undefined;
  add(delivery: number, flight: Flight): void;
  remove(delivery: number): void;
  /** Deliveries of this webhook that are in flight. */
  count(webhook: WebhookKey): number;
  of(account: AccountKey): readonly number[];
  /** The webhook was deleted: what is in flight to it never waits again. */
  webhookGone(webhook: WebhookKey, at: Millis): void;
  /** When the webhook of something in flight was deleted; undefined while it is there. */
  goneAt(webhook: WebhookKey): Millis | undefined;
  clear(): void;
}

export const createInFlight = (): InFlight => {
  const flights = new Map<number, Flight>();
  const perWebhook = new Map<WebhookKey, number>();
  /** Only of webhooks that something is in flight to: nobody asks about others. */
  const gone = new Map<WebhookKey, Millis>();
  const change = (webhook: WebhookKey, by: number): void => {
    const count = (perWebhook.get(webhook) ?? 0) + by;
    if (count > 0) {
      perWebhook.set(webhook, count);
      return;
    }
    perWebhook.delete(webhook);
    gone.delete(webhook);
  };
  return {
    has: (delivery) => flights.has(delivery),
    get: (delivery) => flights.get(delivery),
    add: (delivery, flight) => {
      flights.set(delivery, flight);
      change(flight.webhook, 1);
    },
    remove: (delivery) => {
      const flight = flights.get(delivery);
      if (flight === undefined) return;
      flights.delete(delivery);
      change(flight.webhook, -1);
    },
    count: (webhook) => perWebhook.get(webhook) ?? 0,
    of: (account) =>
      [...flights].filter(([, flight]) => flight.account === account).map(([key]) => key),
    webhookGone: (webhook, at) => {
      if (perWebhook.has(webhook)) gone.set(webhook, at);
    },
    goneAt: (webhook) => gone.get(webhook),
    clear: () => {
      flights.clear();
      perWebhook.clear();
      gone.clear();
    },
  };
};

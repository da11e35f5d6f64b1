/**
 * What is in flight, and how many deliveries each account has in each state: known to the one process that writes.
 *
 * @module
 */
import type { AccountKey, DeliveryStatus, WebhookKey } from '../../domain/delivery.ts';

export type Tally = Record<DeliveryStatus, number>;

export interface Flight {
  readonly account: AccountKey;
  readonly webhook: WebhookKey;
}

export interface InFlight {
  has(delivery: number): boolean;
  get(delivery: number): Flight | undefined;
  add(delivery: number, flight: Flight): void;
  /** @returns whether it was in flight */
  remove(delivery: number): boolean;
  /** Deliveries of this webhook that are in flight. */
  count(webhook: WebhookKey): number;
  of(account: AccountKey): readonly number[];
}

export const createInFlight = (): InFlight => {
  const flights = new Map<number, Flight>();
  const perWebhook = new Map<WebhookKey, number>();
  const change = (webhook: WebhookKey, by: number): void => {
    const count = (perWebhook.get(webhook) ?? 0) + by;
    if (count === 0) perWebhook.delete(webhook);
    else perWebhook.set(webhook, count);
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
      if (flight === undefined) return false;
      flights.delete(delivery);
      change(flight.webhook, -1);
      return true;
    },
    count: (webhook) => perWebhook.get(webhook) ?? 0,
    of: (account) =>
      [...flights].filter(([, flight]) => flight.account === account).map(([key]) => key),
  };
};

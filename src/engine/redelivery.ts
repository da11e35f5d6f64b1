/**
 * Redelivery of one account's deliveries, and acknowledgement of dead letters.
 *
 * @module
 */
import type { AccountKey, Millis } from '../domain/delivery.ts';
import { deliveryNotFound, failedEventNotFound, webhookGone } from '../domain/problems.ts';
import type { Store } from '../storage/store.ts';
import type { Dispatcher } from './dispatch/dispatcher-types.ts';
import type { AccountEngine } from './engine.ts';
import type { EventBus } from './event-bus.ts';
import type { Webhooks } from './webhooks.ts';

export interface RedeliveryDependencies {
  readonly account: AccountKey;
  readonly store: Pick<Store, 'redeliver' | 'getDelivery' | 'acknowledge'>;
  readonly dispatcher: Pick<Dispatcher, 'planned'>;
  readonly webhooks: Pick<Webhooks, 'get'>;
  readonly bus: EventBus;
  now(this: void): Millis;
}

export const createRedelivery = (
  dependencies: RedeliveryDependencies,
): Pick<AccountEngine, 'redeliver' | 'acknowledge'> => {
  const { account, store, dispatcher, webhooks, bus, now } = dependencies;
  return {
    redeliver: async (of, how) => {
      const dueAt = now();
      const delivery = await store.redeliver(account, { of, ...how, dueAt });
      if (delivery === null) {
        const known = await store.getDelivery(account, of);
        throw known === null ? deliveryNotFound(of) : webhookGone(known.webhookId);
      }
      dispatcher.planned(delivery.webhook, dueAt);
      return delivery;
    },
    acknowledge: async (webhookId, eventId) => {
      const { key } = webhooks.get(webhookId);
      const letter = await store.acknowledge(account, key, eventId, now());
      if (letter === null) throw failedEventNotFound(webhookId, eventId);
      bus.emit({ type: 'delivery.acknowledged', id: letter.delivery.id });
      return letter;
    },
  };
};

/**
 * The webhooks of one account: registers, changes and removes them, in the store and in the dispatcher.
 *
 * They are kept in memory, because every event is matched against all of them. The store is changed first; if it fails,
 * memory and dispatcher are unchanged.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import { LIMITS } from '../../schemas/contract.ts';
import type { AccountKey, Millis, Webhook } from '../domain/delivery.ts';
import { nextTurn } from '../domain/event-loop.ts';
import { webhookLimitReached, webhookNotFound } from '../domain/problems.ts';
import type { Store } from '../storage/store.ts';
import type { Dispatcher } from './dispatch/dispatcher-types.ts';
import type { AccountEngine } from './engine.ts';
import type { EventBus } from './event-bus.ts';
import type { Ids } from './ids.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Webhooks extends Pick<
  AccountEngine,
  'register' | 'updateWebhook' | 'removeWebhook'
> {
  /** Load them from the store, replacing those in memory. */
  load(): Promise<void>;
  list(): readonly Webhook[];
  /** @throws {Problem} `WEBHOOK_NOT_FOUND` */
  get(id: string): Webhook;
}

export interface WebhookDependencies {
  readonly account: AccountKey;
  readonly store: Pick<Store, 'createWebhook' | 'updateWebhook' | 'deleteWebhook' | 'listWebhooks'>;
  /** The account's dispatcher; null if it has none. An update or removal needs one. */
  dispatcher(this: void): Pick<Dispatcher, 'putWebhook' | 'dropWebhook' | 'planned'> | null;
  readonly bus: EventBus;
  readonly ids: Ids;
  now(this: void): Millis;
}

export const createWebhooks = (dependencies: WebhookDependencies): Webhooks => {
  const { account, store, dispatcher, bus, ids, now } = dependencies;
  const webhooks = new Map<string, Webhook>();

  const put = async (webhook: Webhook): Promise<Webhook> => {
    webhooks.set(webhook.id, webhook);
    await dispatcher()?.putWebhook(webhook);
    return webhook;
  };
  const get = (id: string): Webhook => {
    const webhook = webhooks.get(id);
    if (webhook === undefined) throw webhookNotFound(id);
    return webhook;
  };
  /** @returns ids of the cancelled deliveries; null if the webhook did not exist in the store */
  const drop = async (webhook: Webhook): Promise<AsyncIterable<readonly string[]> | null> => {
    const { id, key } = webhook;
    webhooks.delete(id);
    let putBack = (): void => undefined;
    try {
      putBack = (await dispatcher()?.dropWebhook(key)) ?? putBack;
      return await store.deleteWebhook(account, id, now());
    } catch (error) {
      webhooks.set(id, webhook);
      putBack();
      dispatcher()?.planned(key, now());
      throw error;
    }
  };

  /** @returns whether there may be more */
  const emitSlice = async (slices: AsyncIterator<readonly string[]>): Promise<boolean> => {
    const slice = await slices.next();
    if (slice.done === true) return false;
    for (const id of slice.value) bus.emit({ type: 'delivery.cancelled', id });
    return true;
  };
  const emitRest = async (slices: AsyncIterator<readonly string[]>): Promise<void> => {
    try {
      while (await emitSlice(slices)) await nextTurn();
    } catch (error) {
      // The deliveries are cancelled all the same.
      logger.warn('Cannot report all cancelled deliveries to subscribers: {error}', { error });
    }
  };

  return {
    load: async () => {
      const stored = await store.listWebhooks(account);
      webhooks.clear();
      for (const webhook of stored) webhooks.set(webhook.id, webhook);
    },
    list: () => [...webhooks.values()],
    get,
    register: async (registration, remember) => {
      const webhook = await store.createWebhook(
        account,
        { ...registration, id: ids.next('whk'), status: 'active', createdAt: now() },
        LIMITS.maxWebhooksPerAccount,
        remember,
      );
      if (webhook === null) throw webhookLimitReached(LIMITS.maxWebhooksPerAccount);
      bus.emit({ type: 'webhook.created', webhook: await put(webhook) });
      return webhook;
    },
    updateWebhook: async (id, changes, remember) => {
      const webhook = await store.updateWebhook(account, id, changes, remember);
      if (webhook === null) throw webhookNotFound(id);
      bus.emit({ type: 'webhook.updated', webhook: await put(webhook) });
      return webhook;
    },
    removeWebhook: async (id) => {
      const webhook = get(id);
      const cancelled = await drop(webhook);
      bus.emit({ type: 'webhook.deleted', webhook });
      if (cancelled === null || !bus.hasSubscribers()) return;
      const slices = cancelled[Symbol.asyncIterator]();
      // The caller waits for the first slice only: there can be a million deliveries.
      if (await emitSlice(slices)) void emitRest(slices);
    },
  };
};

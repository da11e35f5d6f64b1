/**
 * Webhooks: those that are gone stay, for the history of their deliveries.
 *
 * @module
 */
import type { WebhookStore } from '../store.ts';
import { createWebhookRecord, idOf, settle, type WebhookRecord } from './records.ts';
import { homeOf, type State } from './state.ts';

export const createWebhooks = (state: State): WebhookStore => {
  const live = (account: number): WebhookRecord[] =>
    [...homeOf(state, account).webhooks.values()].filter(({ deletedAt }) => deletedAt === null);
  const find = (account: number, id: string): WebhookRecord | null => {
    const record = homeOf(state, account).webhooks.get(id);
    return record === undefined || record.deletedAt !== null ? null : record;
  };
  return {
    createWebhook: async (account, given, limit) => {
      if (live(account).length >= limit) return null;
      const home = homeOf(state, account);
      if (home.webhooks.has(given.id)) throw new Error(`there is a webhook ${given.id} already`);
      const webhook = { ...given, key: state.nextWebhook, account };
      state.nextWebhook += 1;
      const record = createWebhookRecord(home, webhook, null);
      home.webhooks.set(webhook.id, record);
      state.webhooks.set(webhook.key, record);
      return webhook;
    },
    listWebhooks: async (account) => live(account).map(({ webhook }) => webhook),
    updateWebhook: async (account, id, changes) => {
      const record = find(account, id);
      if (record === null) return null;
      record.webhook = { ...record.webhook, ...changes };
      return record.webhook;
    },
    deleteWebhook: async (account, id, now) => {
      const record = find(account, id);
      if (record === null) return null;
      record.deletedAt = now;
      const cancelled = record.due.clear().toSorted((a, b) => a.number - b.number);
      for (const delivery of cancelled) settle(delivery, 'cancelled', now);
      return cancelled.map(idOf);
    },
  };
};

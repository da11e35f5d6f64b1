/**
 * Webhooks: those that are gone stay, for the history of their deliveries.
 *
 * @module
 */
import { nextTurn } from '../../domain/event-loop.ts';
import type { WebhookStore } from '../store.ts';
import { keepAnswer } from './accounts.ts';
import { createWebhookRecord, idOf, settle, type WebhookRecord } from './records.ts';
import { homeOf, type State } from './state.ts';

/** Deliveries cancelled before other requests get their turn. */
const ROWS_PER_SLICE = 2000;

export const createWebhooks = (state: State): WebhookStore => {
  const live = (account: number): WebhookRecord[] =>
    [...homeOf(state, account).webhooks.values()].filter(({ deletedAt }) => deletedAt === null);
  const find = (account: number, id: string): WebhookRecord | null => {
    const record = homeOf(state, account).webhooks.get(id);
    return record === undefined || record.deletedAt !== null ? null : record;
  };
  return {
    createWebhook: async (account, given, limit, remember) => {
      if (live(account).length >= limit) return null;
      const home = homeOf(state, account);
      if (home.webhooks.has(given.id)) throw new Error(`there is a webhook ${given.id} already`);
      const webhook = { ...given, key: state.nextWebhook, account };
      if (remember !== undefined) keepAnswer(home, remember(webhook));
      state.nextWebhook += 1;
      const record = createWebhookRecord(home, webhook, null);
      home.webhooks.set(webhook.id, record);
      state.webhooks.set(webhook.key, record);
      return webhook;
    },
    listWebhooks: async (account) => live(account).map(({ webhook }) => webhook),
    updateWebhook: async (account, id, changes, remember) => {
      const record = find(account, id);
      if (record === null) return null;
      const changed = { ...record.webhook, ...changes };
      if (remember !== undefined) keepAnswer(record.home, remember(changed));
      record.webhook = changed;
      return changed;
    },
    deleteWebhook: async (account, id, now) => {
      const record = find(account, id);
      if (record === null) return null;
      record.deletedAt = now;
      const cancelled = record.due.clear();
      const inOrder = cancelled.every(
        ({ number }, index) => index === 0 || cancelled[index - 1]!.number < number,
      );
      if (!inOrder) cancelled.sort((a, b) => a.number - b.number);
      const ids: string[] = [];
      for (const [index, delivery] of cancelled.entries()) {
        settle(delivery, 'cancelled', now);
        ids.push(idOf(delivery));
        if (index % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) await nextTurn();
      }
      return ids;
    },
  };
};

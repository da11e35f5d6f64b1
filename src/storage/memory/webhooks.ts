/**
 * Webhooks. Deleted ones stay for the history of their deliveries.
 *
 * @module
 */
import { afterWebhookDeleted } from '../../domain/delivery-transitions.ts';
import { nextTurn } from '../../domain/event-loop.ts';
import type { WebhookStore } from '../store.ts';
import { applyUpdate, createWebhookEntry, idOf, type WebhookEntry } from './entries.ts';
import { saveResponse } from './responses.ts';
import { dataOf, type State } from './state.ts';
import { slicesOf } from '../../domain/sliced-list.ts';

/** Number of deliveries to cancel before yielding to the event loop. */
const ROWS_PER_SLICE = 2000;

export const createWebhooks = (state: State): WebhookStore => {
  const live = (account: number): WebhookEntry[] =>
    [...dataOf(state, account).webhooks.values()].filter(({ deletedAt }) => deletedAt === null);
  const find = (account: number, id: string): WebhookEntry | null => {
    const entry = dataOf(state, account).webhooks.get(id);
    return entry === undefined || entry.deletedAt !== null ? null : entry;
  };
  return {
    createWebhook: async (account, given, limit, remember) => {
      if (live(account).length >= limit) return null;
      const data = dataOf(state, account);
      if (data.webhooks.has(given.id)) throw new Error(`Webhook ${given.id} exists already.`);
      const webhook = { ...given, key: state.nextWebhook, account };
      if (remember !== undefined) saveResponse(data, remember(webhook));
      state.nextWebhook += 1;
      const entry = createWebhookEntry(data, webhook, null);
      data.webhooks.set(webhook.id, entry);
      state.webhooks.set(webhook.key, entry);
      return webhook;
    },
    listWebhooks: async (account) => live(account).map(({ webhook }) => webhook),
    updateWebhook: async (account, id, changes, remember) => {
      const entry = find(account, id);
      if (entry === null) return null;
      const changed = { ...entry.webhook, ...changes };
      if (remember !== undefined) saveResponse(entry.data, remember(changed));
      entry.webhook = changed;
      return changed;
    },
    deleteWebhook: async (account, id, now) => {
      const entry = find(account, id);
      if (entry === null) return null;
      entry.deletedAt = now;
      const cancelled = entry.due.clear();
      const inOrder = cancelled.every(
        ({ number }, index) => index === 0 || cancelled[index - 1]!.number < number,
      );
      if (!inOrder) cancelled.sort((a, b) => a.number - b.number);
      const ids: string[] = [];
      for (const [index, delivery] of cancelled.entries()) {
        applyUpdate(delivery, afterWebhookDeleted(now));
        ids.push(idOf(delivery));
        if (index % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) await nextTurn();
      }
      return slicesOf(ids);
    },
  };
};

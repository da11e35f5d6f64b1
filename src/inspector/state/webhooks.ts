/**
 * The account's webhooks.
 *
 * @module
 */
import { signal } from '@preact/signals';
import type { Webhook } from '../../../schemas/control.ts';
import { onEvents, onReload } from './live.ts';
import { client } from './session.ts';

export const webhooks = signal<readonly Webhook[]>([]);
export const areWebhooksLoaded = signal(false);

const load = async (): Promise<void> => {
  try {
    webhooks.value = await client.peek().webhooks.list();
    areWebhooksLoaded.value = true;
  } catch {
    // The stream reports a lost connection.
  }
};

export const startWebhooks = (): void => {
  onReload(() => void load());
  onEvents((events) => {
    if (events.some(({ type }) => type.startsWith('webhook.'))) void load();
  });
};

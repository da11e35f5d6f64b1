/**
 * The account's webhooks.
 *
 * @module
 */
import { signal } from '@preact/signals';
import type { Webhook } from '../../../schemas/control.ts';
import { createLatest } from './latest.ts';
import { onEvents, onReload } from './live.ts';
import { client } from './session.ts';

export const webhooks = signal<readonly Webhook[]>([]);
export const areWebhooksLoaded = signal(false);

const latest = createLatest();
const load = (): Promise<void> =>
  latest.load(
    () => client.peek().webhooks.list(),
    (list) => {
      webhooks.value = list;
      areWebhooksLoaded.value = true;
    },
  );

export const startWebhooks = (): void => {
  onReload(() => void load());
  onEvents((events) => {
    if (events.some(({ type }) => type.startsWith('webhook.'))) void load();
  });
};

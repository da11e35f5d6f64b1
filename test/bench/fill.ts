/**
 * Fills an account with pending deliveries.
 *
 * @module
 */
import type { NewEvent, Store } from '../../src/storage/store.ts';

/** Events per `publish`. */
const BATCH = 100;
const data = { lead_email: 'sarah@example.com', reply_preview: 'x'.repeat(420) };

/** @returns the webhook of all deliveries */
export const fill = async (store: Store, account: number, pending: number): Promise<number> => {
  const webhook = await store.createWebhook(
    account,
    {
      id: 'whk_bench',
      url: 'http://127.0.0.1:9/',
      events: ['*'],
      secret: 'whsec_bench',
      status: 'active',
      createdAt: 0,
    },
    100,
  );
  if (webhook === null) throw new Error('the account is full');
  for (let from = 0; from < pending; from += BATCH) {
    const events = Array.from({ length: Math.min(BATCH, pending - from) }, (_, index): NewEvent => {
      const id = `evt_${from + index}`;
      const body = JSON.stringify({
        event: 'email.replied',
        id,
        timestamp: '2026-04-06T14:23:17Z',
        data,
      });
      return {
        event: { id, type: 'email.replied', createdAt: from + index, body },
        deliveries: [{ webhook: webhook.key, dueAt: from + index, claimed: false }],
      };
    });
    await store.publish(account, events);
  }
  return webhook.key;
};

/**
 * Webhooks. Deleted ones stay for the history of their deliveries.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Webhook } from '../../domain/delivery.ts';
import type { WebhookStore } from '../store.ts';
import type { Caches } from './caches.ts';
import { createCancelPending } from './deletions.ts';
import { createResponseSaver } from './responses.ts';
import { transaction } from './transaction.ts';
import type { Partition } from './partitions.ts';

interface WebhookRow {
  readonly key: number;
  readonly account: Partition;
  readonly id: string;
  readonly url: string;
  readonly events: string;
  readonly secret: string;
  readonly status: Webhook['status'];
  readonly created_at: number;
}

const toWebhook = (row: WebhookRow): Webhook => ({
  key: row.key,
  account: row.account,
  id: row.id,
  url: row.url,
  events: JSON.parse(row.events) as Webhook['events'],
  secret: row.secret,
  status: row.status,
  createdAt: row.created_at,
});

const SELECT_LIVE = 'SELECT * FROM webhook WHERE account = ? AND deleted_at IS NULL';

/** Finds a webhook that is not deleted. */
type FindWebhook = (partition: Partition, id: string) => Webhook | null;

const createFind = (db: DatabaseSync): FindWebhook => {
  const find = db.prepare(`${SELECT_LIVE} AND id = ?`);
  return (partition, id) => {
    const row = find.get(partition, id) as unknown as WebhookRow | undefined;
    return row === undefined ? null : toWebhook(row);
  };
};

export const createWebhooks = (db: DatabaseSync, caches: Caches): WebhookStore => {
  const list = db.prepare(`${SELECT_LIVE} ORDER BY key`);
  const insert = db.prepare(
    `INSERT INTO webhook (account, id, url, events, secret, status, created_at)
     SELECT :account, :id, :url, :events, :secret, :status, :createdAt
     WHERE (SELECT count(*) FROM webhook WHERE account = :account AND deleted_at IS NULL) < :limit`,
  );
  const update = db.prepare(
    'UPDATE webhook SET url = ?, events = ?, secret = ?, status = ? WHERE key = ? RETURNING *',
  );
  const saveResponse = createResponseSaver(db);
  const find = createFind(db);
  const cancelPending = createCancelPending(db, caches);
  return {
    createWebhook: async (partition, webhook, limit, remember) =>
      transaction(db, () => {
        const { id, url, secret, status, createdAt } = webhook;
        const events = JSON.stringify(webhook.events);
        const values = { account: partition, id, url, events, secret, status, createdAt, limit };
        const { changes, lastInsertRowid } = insert.run(values);
        if (changes === 0) return null;
        const created = { ...webhook, key: Number(lastInsertRowid), account: partition };
        if (remember !== undefined) saveResponse(partition, remember(created));
        return created;
      }),
    listWebhooks: async (partition) =>
      (list.all(partition) as unknown as WebhookRow[]).map(toWebhook),
    updateWebhook: async (partition, id, changes, remember) =>
      transaction(db, () => {
        const before = find(partition, id);
        if (before === null) return null;
        const { key, url, events, secret, status } = { ...before, ...changes };
        const changed = toWebhook(
          update.get(url, JSON.stringify(events), secret, status, key) as unknown as WebhookRow,
        );
        if (remember !== undefined) saveResponse(partition, remember(changed));
        return changed;
      }),
    deleteWebhook: async (partition, id, now) => {
      const webhook = find(partition, id);
      return webhook === null ? null : cancelPending(partition, webhook.key, now);
    },
  };
};

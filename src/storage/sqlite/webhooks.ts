/**
 * Webhooks. Deleted ones stay for the history of their deliveries.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey, Webhook } from '../../domain/delivery.ts';
import type { WebhookStore } from '../store.ts';
import type { Caches } from './caches.ts';
import { createCancelPending } from './deletions.ts';
import { createResponseSaver } from './responses.ts';
import { transaction } from './transaction.ts';

interface WebhookRow {
  readonly key: number;
  readonly account: number;
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
type FindWebhook = (account: AccountKey, id: string) => Webhook | null;

const createFind = (db: DatabaseSync): FindWebhook => {
  const find = db.prepare(`${SELECT_LIVE} AND id = ?`);
  return (account, id) => {
    const row = find.get(account, id) as unknown as WebhookRow | undefined;
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
    createWebhook: async (account, webhook, limit, remember) =>
      transaction(db, () => {
        const { id, url, secret, status, createdAt } = webhook;
        const events = JSON.stringify(webhook.events);
        const values = { account, id, url, events, secret, status, createdAt, limit };
        const { changes, lastInsertRowid } = insert.run(values);
        if (changes === 0) return null;
        const created = { ...webhook, key: Number(lastInsertRowid), account };
        if (remember !== undefined) saveResponse(account, remember(created));
        return created;
      }),
    listWebhooks: async (account) => (list.all(account) as unknown as WebhookRow[]).map(toWebhook),
    updateWebhook: async (account, id, changes, remember) =>
      transaction(db, () => {
        const before = find(account, id);
        if (before === null) return null;
        const { key, url, events, secret, status } = { ...before, ...changes };
        const changed = toWebhook(
          update.get(url, JSON.stringify(events), secret, status, key) as unknown as WebhookRow,
        );
        if (remember !== undefined) saveResponse(account, remember(changed));
        return changed;
      }),
    deleteWebhook: async (account, id, now) => {
      const webhook = find(account, id);
      return webhook === null ? null : cancelPending(account, webhook.key, now);
    },
  };
};

/**
 * Webhooks. Deleted ones stay for the history of their deliveries.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey, Millis, Webhook, WebhookKey } from '../../domain/delivery.ts';
import { deliveryId } from '../../domain/delivery-id.ts';
import { afterWebhookDeleted } from '../../domain/delivery-transitions.ts';
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { WebhookStore } from '../store.ts';
import type { InFlight } from './in-flight.ts';
import { createResponseSaver } from './responses.ts';
import type { Tallies } from './tallies.ts';
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

/** Number of rows to cancel per transaction: a few milliseconds. */
const ROWS_PER_SLICE = 500;

/** Cancels one slice of a webhook's pending deliveries. @returns their keys in ascending order */
type CancelSlice = (account: AccountKey, webhook: WebhookKey, now: Millis) => number[];

const createCancelSlice = (db: DatabaseSync, tallies: Tallies, inFlight: InFlight): CancelSlice => {
  // Deliveries in flight are pending on disk, too; they are settled when their attempt is recorded.
  const cancel = db.prepare(
    `UPDATE delivery SET status = :status, due_at = :dueAt, settled_at = :settledAt
     WHERE seq IN (
       SELECT seq FROM delivery WHERE webhook = :webhook AND status = ${STATUS_CODES.pending}
         AND seq NOT IN (SELECT value FROM json_each(:claimed)) LIMIT ${ROWS_PER_SLICE}
     ) RETURNING seq`,
  );
  return (account, webhook, now) => {
    const { status: name, dueAt, settledAt } = afterWebhookDeleted(now);
    const status = STATUS_CODES[name];
    const rows = transaction(db, () => {
      // Read in the transaction, because waiting calls that precede it may add deliveries.
      const claimed = JSON.stringify(inFlight.of(account));
      return cancel.all({ status, dueAt, settledAt, webhook, claimed });
    });
    const tally = tallies.peek(account);
    if (tally !== null) {
      tally.pending -= rows.length;
      tally[name] += rows.length;
    }
    return rows.map((row) => Number(row['seq'])).sort((a, b) => a - b);
  };
};

/** Sorts the keys of all slices. They are usually in order already. */
const sortKeys = (keys: number[]): number[] => {
  const isSorted = keys.every((key, index) => index === 0 || keys[index - 1]! < key);
  return isSorted ? keys : keys.sort((a, b) => a - b);
};

/** Converts keys to ids in slices, because there may be a million. */
const idsOf = async (keys: readonly number[]): Promise<string[]> => {
  const isSliceDone = createPace();
  const ids: string[] = [];
  for (const key of keys) {
    if (isSliceDone(0)) await nextTurn();
    ids.push(deliveryId(key));
  }
  return ids;
};

const createDelete = (
  db: DatabaseSync,
  tallies: Tallies,
  inFlight: InFlight,
  find: FindWebhook,
): WebhookStore['deleteWebhook'] => {
  const markDeleted = db.prepare('UPDATE webhook SET deleted_at = ? WHERE key = ?');
  const cancelSlice = createCancelSlice(db, tallies, inFlight);
  return async (account, id, now) => {
    const webhook = find(account, id);
    if (webhook === null) return null;
    transaction(db, () => markDeleted.run(now, webhook.key));
    inFlight.markWebhookDeleted(webhook.key, now);
    const cancelled: number[] = [];
    for (;;) {
      const slice = cancelSlice(account, webhook.key, now);
      for (const key of slice) cancelled.push(key);
      // If the process is killed before the last slice, the next start cancels the rest: see CANCEL_ORPHANS.
      if (slice.length < ROWS_PER_SLICE) break;
      await nextTurn();
    }
    return idsOf(sortKeys(cancelled));
  };
};

export const createWebhooks = (
  db: DatabaseSync,
  tallies: Tallies,
  inFlight: InFlight,
): WebhookStore => {
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
    deleteWebhook: createDelete(db, tallies, inFlight, find),
  };
};

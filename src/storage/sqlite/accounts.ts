/**
 * Accounts and webhooks.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Account, ClockRecord } from '../../domain/account.ts';
import type { AccountKey, Millis, Webhook } from '../../domain/delivery.ts';
import { deliveryId } from '../../domain/delivery-id.ts';
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import type { AccountStore, WebhookStore } from '../store.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { createResponseSaver } from './responses.ts';
import { isHidden } from './hidden-accounts.ts';
import type { InFlight } from './in-flight.ts';
import type { Partitions } from './partitions.ts';
import { transaction } from './transaction.ts';
import type { Tallies } from './tallies.ts';

interface AccountRow {
  readonly key: number;
  readonly account_key: number | null;
  readonly key_hash: string;
  readonly seed: number;
  readonly opens: number;
  readonly clock_mode: ClockRecord['mode'];
  readonly clock_rate: number;
  readonly clock_virtual: number;
  readonly clock_wall: number;
}

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

const toAccount = (row: AccountRow): Account => ({
  key: row.account_key ?? row.key,
  keyHash: row.key_hash,
  seed: row.seed,
  opens: row.opens,
  clock: {
    mode: row.clock_mode,
    rate: row.clock_rate,
    anchorVirtual: row.clock_virtual,
    anchorWall: row.clock_wall,
  },
});

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

/** Rows per transaction, a few milliseconds. */
const ROWS_PER_SLICE = 500;

/** Slices come mostly in order already. */
const inOrder = (numbers: number[]): number[] => {
  const sorted = numbers.every((number, index) => index === 0 || numbers[index - 1]! < number);
  return sorted ? numbers : numbers.sort((a, b) => a - b);
};

const WEBHOOK = 'SELECT * FROM webhook WHERE account = ? AND deleted_at IS NULL';

type AccountPart = Pick<
  AccountStore,
  'openAccount' | 'seed' | 'accountsWithWork' | 'saveClock' | 'counts'
>;

export const createAccounts = (
  db: DatabaseSync,
  tallies: Tallies,
  inFlight: InFlight,
  partitions: Partitions,
): AccountPart => {
  const reopen = db.prepare('UPDATE account SET opens = opens + 1 WHERE key_hash = ? RETURNING *');
  const make = db.prepare(
    `INSERT INTO account (key, key_hash, seed, opens, clock_mode, clock_rate, clock_virtual, clock_wall)
     VALUES (:key, :hash, :seed, 1, :mode, :rate, :virtual, :wall) RETURNING *`,
  );
  const save = db.prepare(
    'UPDATE account SET clock_mode = ?, clock_rate = ?, clock_virtual = ?, clock_wall = ? WHERE key = ?',
  );
  const seedOf = db.prepare('SELECT seed FROM account WHERE key = ?');
  const countWebhooks = db.prepare(
    'SELECT count(*) AS n FROM webhook WHERE account = ? AND deleted_at IS NULL',
  );
  return {
    openAccount: async (hash, { seed, clock }) => {
      const { mode, rate, anchorVirtual: virtual, anchorWall: wall } = clock;
      // A row that RETURNING gives is not kept yet, and without a transaction nobody learns that it cannot be.
      const row = transaction(
        db,
        () =>
          reopen.get(hash) ??
          make.get({ key: partitions.newKey(), hash, seed, mode, rate, virtual, wall }),
      );
      return toAccount(row as unknown as AccountRow);
    },
    seed: async (account) => Number(seedOf.get(account)?.['seed']),
    accountsWithWork: async () =>
      db
        .prepare(
          `SELECT DISTINCT a.key_hash AS hash FROM account a JOIN webhook w ON w.account = a.key
           WHERE EXISTS (SELECT 1 FROM delivery d WHERE d.webhook = w.key AND d.status = ${STATUS_CODES.pending})
           UNION SELECT a.key_hash FROM account a WHERE EXISTS (SELECT 1 FROM command c WHERE c.account = a.key)`,
        )
        .all()
        .map((row) => String(row['hash']))
        .filter((hash) => !isHidden(hash)),
    saveClock: async (account, { mode, rate, anchorVirtual, anchorWall }) => {
      save.run(mode, rate, anchorVirtual, anchorWall, account);
    },
    counts: async (account) => {
      const { events, ...deliveries } = tallies.of(account);
      const claimed = inFlight.of(account).length;
      return {
        webhooks: Number(countWebhooks.get(account)?.['n']),
        events,
        deliveries: { ...deliveries, pending: deliveries.pending - claimed, in_flight: claimed },
      };
    },
  };
};

export const createWebhooks = (
  db: DatabaseSync,
  tallies: Tallies,
  inFlight: InFlight,
): WebhookStore => {
  const all = db.prepare(`${WEBHOOK} ORDER BY key`);
  const one = db.prepare(`${WEBHOOK} AND id = ?`);
  const insert = db.prepare(
    `INSERT INTO webhook (account, id, url, events, secret, status, created_at)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
     WHERE (SELECT count(*) FROM webhook WHERE account = ?1 AND deleted_at IS NULL) < ?8`,
  );
  const update = db.prepare(
    'UPDATE webhook SET url = ?, events = ?, secret = ?, status = ? WHERE key = ? RETURNING *',
  );
  const remove = db.prepare('UPDATE webhook SET deleted_at = ? WHERE key = ?');
  // What was claimed from the queue is pending on disk; an attempt in flight settles its delivery itself.
  const cancelWaiting = db.prepare(
    `UPDATE delivery SET status = ${STATUS_CODES.cancelled}, due_at = NULL, settled_at = :now
     WHERE seq IN (
       SELECT seq FROM delivery WHERE webhook = :webhook AND status = ${STATUS_CODES.pending}
         AND seq NOT IN (SELECT value FROM json_each(:claimed)) LIMIT ${ROWS_PER_SLICE}
     ) RETURNING seq`,
  );
  const cancelSlice = (account: AccountKey, webhook: number, now: Millis): number[] => {
    const claimed = JSON.stringify(inFlight.of(account));
    const rows = transaction(db, () => cancelWaiting.all({ now, webhook, claimed }));
    const tally = tallies.peek(account);
    if (tally !== null) {
      tally.pending -= rows.length;
      tally.cancelled += rows.length;
    }
    return rows.map((row) => Number(row['seq'])).sort((a, b) => a - b);
  };
  const saveResponse = createResponseSaver(db);
  const find = (account: AccountKey, id: string): Webhook | null => {
    const row = one.get(account, id) as unknown as WebhookRow | undefined;
    return row === undefined ? null : toWebhook(row);
  };
  return {
    createWebhook: async (account, webhook, limit, remember) =>
      transaction(db, () => {
        const { id, url, events, secret, status, createdAt } = webhook;
        const listed = JSON.stringify(events);
        const { changes, lastInsertRowid } = insert.run(
          account,
          id,
          url,
          listed,
          secret,
          status,
          createdAt,
          limit,
        );
        if (changes === 0) return null;
        const made = { ...webhook, key: Number(lastInsertRowid), account };
        if (remember !== undefined) saveResponse(account, remember(made));
        return made;
      }),
    listWebhooks: async (account) => (all.all(account) as unknown as WebhookRow[]).map(toWebhook),
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
      if (webhook === null) return null;
      transaction(db, () => remove.run(now, webhook.key));
      inFlight.markWebhookDeleted(webhook.key, now);
      const cancelled: number[] = [];
      for (;;) {
        const slice = cancelSlice(account, webhook.key, now);
        for (const seq of slice) cancelled.push(seq);
        // A crash before the last slice is made good by the next start: see CANCEL_ORPHANS.
        if (slice.length < ROWS_PER_SLICE) break;
        await nextTurn();
      }
      const isSliceDone = createPace();
      const ids: string[] = [];
      for (const seq of inOrder(cancelled)) {
        if (isSliceDone(0)) await nextTurn();
        ids.push(deliveryId(seq));
      }
      return ids;
    },
  };
};

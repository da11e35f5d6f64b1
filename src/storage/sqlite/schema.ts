/**
 * Schema, as migrations: numbered, forward only, each in one transaction.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { ROW_NUMBERS } from '../../domain/delivery-id.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { ROWS } from './blocks.ts';
import { transactionWithoutForeignKeys } from './transaction.ts';

/** "SEMA": distinguishes databases of the sandbox from those of other programs. */
export const APPLICATION_ID = 0x53_45_4d_41;

const INSERT_DELIVERY =
  'INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at)';
/** Inserted the rows that version 4 deferred, as its recovery did. */
const INSERT_MISSING = `
  ${INSERT_DELIVERY} SELECT first_delivery, seq, taken, ${STATUS_CODES.pending}, 0, created_at, created_at
    FROM event e WHERE taken IS NOT NULL AND typeof(taken) <> 'text'
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.seq = e.first_delivery);
  ${INSERT_DELIVERY} SELECT e.first_delivery + j.key, e.seq, j.value, ${STATUS_CODES.pending}, 0, e.created_at, e.created_at
    FROM event e, json_each(e.taken) j WHERE typeof(e.taken) = 'text' AND j.value <> 0
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.seq = e.first_delivery + j.key);`;
/** Cancelled the pending deliveries of deleted webhooks, as the recovery of version 4 did. */
const CANCEL_ORPHANS = `
  UPDATE delivery SET status = ${STATUS_CODES.cancelled}, due_at = NULL,
    settled_at = (SELECT deleted_at FROM webhook WHERE key = delivery.webhook)
  WHERE status = ${STATUS_CODES.pending} AND webhook IN (SELECT key FROM webhook WHERE deleted_at IS NOT NULL);`;

const TYPE_CODE = `CASE e.type ${Object.entries(EVENT_TYPE_CODES)
  .map(([name, code]) => `WHEN '${name}' THEN ${code}`)
  .join(' ')} END`;

const COUNT_STATUSES = (['pending', 'delivered', 'dead', 'acknowledged', 'cancelled'] as const)
  .map((status) => `sum(status = ${STATUS_CODES[status]})`)
  .join(', ');

/**
 * - Keys of events and deliveries are {@link rowKey}s, so the rows of an account are one range.
 * - The deliveries published with an event are one range, too: `deliveries` of them, starting at `first_delivery`.
 *   Redeliveries are found by the index `delivery_again`.
 * - `event.taken` names the webhooks whose deliveries were claimed when the event was published and may have no row yet
 *   (see `deferred-rows.ts`): the webhook's key if the event has one delivery, else a JSON array with one entry for each
 *   delivery, 0 if it was not claimed.
 * - `delivery.attempts` are serialised attempts, separated by commas.
 * - A `delivery` that is pending while its webhook is deleted counts as cancelled at the deletion: see `deletions.ts`.
 * - `event_block` and `delivery_block` lead a filter to its matches: see `blocks.ts`.
 * - `event_tally` and `delivery_tally` count the rows: see `tallies.ts`.
 * - `account.key` is the partition that contains the account's rows; `account_key` is the account's key in the port, null
 *   if it is the same (see `partitions.ts`).
 * - `answer` contains stored responses.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE account (
     key INTEGER PRIMARY KEY,
     key_hash TEXT NOT NULL UNIQUE,
     seed INTEGER NOT NULL,
     opens INTEGER NOT NULL,
     clock_mode TEXT NOT NULL,
     clock_rate REAL NOT NULL,
     clock_virtual REAL NOT NULL,
     clock_wall REAL NOT NULL
   ) STRICT;
   CREATE TABLE webhook (
     key INTEGER PRIMARY KEY,
     account INTEGER NOT NULL REFERENCES account,
     id TEXT NOT NULL,
     url TEXT NOT NULL,
     events TEXT NOT NULL,
     secret TEXT NOT NULL,
     status TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     deleted_at INTEGER,
     UNIQUE (account, id)
   ) STRICT;
   CREATE INDEX webhook_live ON webhook (account) WHERE deleted_at IS NULL;
   CREATE TABLE event (
     seq INTEGER PRIMARY KEY,
     account INTEGER NOT NULL REFERENCES account,
     id TEXT NOT NULL,
     type TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     body TEXT NOT NULL,
     first_delivery INTEGER NOT NULL,
     deliveries INTEGER NOT NULL,
     taken ANY,
     UNIQUE (account, id)
   ) STRICT;
   CREATE TABLE delivery (
     seq INTEGER PRIMARY KEY,
     event INTEGER NOT NULL REFERENCES event,
     webhook INTEGER NOT NULL REFERENCES webhook,
     status INTEGER NOT NULL,
     attempts_made INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     due_at INTEGER,
     settled_at INTEGER,
     acknowledged_at INTEGER,
     redelivery_of INTEGER,
     signature TEXT,
     body TEXT,
     attempts TEXT
   ) STRICT;
   CREATE INDEX delivery_due ON delivery (webhook, due_at) WHERE status = ${STATUS_CODES.pending};
   CREATE INDEX delivery_dead ON delivery (webhook, event) WHERE status = ${STATUS_CODES.dead};
   CREATE INDEX delivery_again ON delivery (event) WHERE redelivery_of IS NOT NULL;
   CREATE TABLE answer (
     account INTEGER NOT NULL REFERENCES account,
     key TEXT NOT NULL,
     request_hash TEXT NOT NULL,
     status INTEGER NOT NULL,
     body TEXT NOT NULL,
     remembered_at INTEGER NOT NULL,
     PRIMARY KEY (account, key)
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE command (
     account INTEGER NOT NULL REFERENCES account,
     number INTEGER NOT NULL,
     done_at INTEGER NOT NULL,
     emitted INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (account, number)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE progress (
     account INTEGER PRIMARY KEY REFERENCES account,
     emitted INTEGER NOT NULL
   ) STRICT;`,
  // Accounts that are being emptied: their rows up to these keys will be deleted.
  `CREATE TABLE emptying (
     account INTEGER PRIMARY KEY REFERENCES account,
     event INTEGER NOT NULL,
     delivery INTEGER NOT NULL
   ) STRICT;`,
  // Replaced by partitions: see `partitions.ts`. Deletes rows that a crash left behind.
  `DELETE FROM delivery WHERE EXISTS (SELECT 1 FROM emptying m
     WHERE delivery.seq > m.account * ${ROW_NUMBERS} AND delivery.seq <= m.delivery);
   DELETE FROM event WHERE EXISTS (SELECT 1 FROM emptying m
     WHERE event.seq > m.account * ${ROW_NUMBERS} AND event.seq <= m.event);
   DROP TABLE emptying;
   ALTER TABLE account ADD COLUMN account_key INTEGER;`,
  `${INSERT_MISSING}
   ${CANCEL_ORPHANS}
   CREATE TABLE event_block (
     account INTEGER NOT NULL,
     type INTEGER NOT NULL,
     block INTEGER NOT NULL,
     PRIMARY KEY (account, type, block)
   ) STRICT, WITHOUT ROWID;
   INSERT OR IGNORE INTO event_block SELECT account, ${TYPE_CODE}, seq / ${ROWS} FROM event e;
   CREATE TABLE delivery_block (
     webhook INTEGER NOT NULL,
     type INTEGER NOT NULL,
     status INTEGER NOT NULL,
     block INTEGER NOT NULL,
     deliveries INTEGER NOT NULL,
     PRIMARY KEY (webhook, type, status, block)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO delivery_block SELECT d.webhook, ${TYPE_CODE} AS code, d.status, d.seq / ${ROWS} AS block, count(*)
     FROM delivery d JOIN event e ON e.seq = d.event GROUP BY d.webhook, code, d.status, block;
   CREATE TABLE event_tally (
     account INTEGER PRIMARY KEY,
     events INTEGER NOT NULL,
     complete_to INTEGER NOT NULL
   ) STRICT;
   INSERT INTO event_tally SELECT account, count(*), max(seq) FROM event GROUP BY account;
   CREATE TABLE delivery_tally (
     webhook INTEGER PRIMARY KEY,
     pending INTEGER NOT NULL,
     delivered INTEGER NOT NULL,
     dead INTEGER NOT NULL,
     acknowledged INTEGER NOT NULL,
     cancelled INTEGER NOT NULL
   ) STRICT;
   INSERT INTO delivery_tally SELECT webhook, ${COUNT_STATUSES} FROM delivery GROUP BY webhook;`,
];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Migrates a database. A step that fails leaves the previous version.
 *
 * @param from the database's version; 0 for an empty one
 * @param steps SQL of each version; tests pass their own
 */
export const migrate = (
  db: DatabaseSync,
  from: number,
  steps: readonly string[] = MIGRATIONS,
): void => {
  for (const [index, sql] of steps.entries()) {
    if (index < from) continue;
    transactionWithoutForeignKeys(db, () => {
      db.exec(sql);
      db.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
};

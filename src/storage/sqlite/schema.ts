/**
 * The tables, as migrations: numbered, forward only, each in one transaction.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { ROW_NUMBERS } from '../../domain/delivery-id.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { transactionWithoutChecks } from './transaction.ts';

/** "SEMA": tells our files from other programs'. */
export const APPLICATION_ID = 0x53_45_4d_41;

/** Pending deliveries of deleted webhooks were in flight when their webhook went; they settle as the others did then. */
export const CANCEL_LEFT_BEHIND = `
  UPDATE delivery SET status = ${STATUS_CODES.cancelled}, due_at = NULL,
    settled_at = (SELECT deleted_at FROM webhook WHERE key = delivery.webhook)
  WHERE status = ${STATUS_CODES.pending} AND webhook IN (SELECT key FROM webhook WHERE deleted_at IS NOT NULL)`;

/**
 * Keys of events and deliveries are {@link rowKey}s, so an account's rows are one range. An event's first deliveries
 * are one range too: `deliveries` of them from `first_delivery` on; later ones are found by `delivery_again`.
 * `taken` is the webhook that an event's only delivery was taken for as it was published; as JSON, one for each of its
 * deliveries, 0 where it was not taken. Those deliveries may have no row yet (see `unwritten.ts`).
 * `attempts` are records one after the other, separated by commas.
 * `account.key` is the partition that holds the account's rows; `account_key` is the key that the account is known by,
 * null while it is the same. See `partitions.ts`.
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
  // Accounts that are being emptied: their rows up to these are to be deleted.
  `CREATE TABLE emptying (
     account INTEGER PRIMARY KEY REFERENCES account,
     event INTEGER NOT NULL,
     delivery INTEGER NOT NULL
   ) STRICT;`,
  // Rows move from one partition to another instead: see `partitions.ts`. A crash may have left some to delete.
  `DELETE FROM delivery WHERE EXISTS (SELECT 1 FROM emptying m
     WHERE delivery.seq > m.account * ${ROW_NUMBERS} AND delivery.seq <= m.delivery);
   DELETE FROM event WHERE EXISTS (SELECT 1 FROM emptying m
     WHERE event.seq > m.account * ${ROW_NUMBERS} AND event.seq <= m.event);
   DROP TABLE emptying;
   ALTER TABLE account ADD COLUMN account_key INTEGER;`,
];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Brings a database from version `from` to the last step's. A step that fails leaves the version before it.
 *
 * @param steps SQL, one text per version; ours unless a test brings its own
 */
export const migrate = (
  db: DatabaseSync,
  from: number,
  steps: readonly string[] = MIGRATIONS,
): void => {
  for (const [index, sql] of steps.entries()) {
    if (index < from) continue;
    transactionWithoutChecks(db, () => {
      db.exec(sql);
      db.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
};

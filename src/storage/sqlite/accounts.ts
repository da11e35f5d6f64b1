/**
 * Accounts.
 *
 * @module
 */
import { toAccount, type AccountColumns } from '../rows/account-row.ts';
import type { DatabaseSync } from 'node:sqlite';
import { STATUS_CODES } from '../rows/status.ts';
import type { AccountStore } from '../store.ts';
import { isHidden } from './hidden-accounts.ts';
import type { InFlight } from './in-flight.ts';
import type { Partitions } from './partitions.ts';
import type { Tallies } from './tallies.ts';
import { transaction } from './transaction.ts';

interface AccountRow extends AccountColumns {
  readonly key: number;
  readonly account_key: number | null;
}

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
  const insert = db.prepare(
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
      // RETURNING yields a row before it is committed; without a transaction, a failed commit would go unnoticed.
      const opened = transaction(
        db,
        () =>
          reopen.get(hash) ??
          insert.get({ key: partitions.newKey(), hash, seed, mode, rate, virtual, wall }),
      );
      const row = opened as unknown as AccountRow;
      return toAccount(row.account_key ?? row.key, row);
    },
    seed: async (partition) => Number(seedOf.get(partition)?.['seed']),
    accountsWithWork: async () =>
      db
        .prepare(
          `SELECT DISTINCT a.key_hash AS hash FROM account a JOIN webhook w ON w.account = a.key
           WHERE w.deleted_at IS NULL AND EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_due WHERE d.webhook = w.key AND d.status = ${STATUS_CODES.pending})
           UNION SELECT a.key_hash FROM account a WHERE EXISTS (SELECT 1 FROM command c WHERE c.account = a.key)`,
        )
        .all()
        .map((row) => String(row['hash']))
        .filter((hash) => !isHidden(hash)),
    saveClock: async (partition, { mode, rate, anchorVirtual, anchorWall }) => {
      save.run(mode, rate, anchorVirtual, anchorWall, partition);
    },
    counts: async (partition) => {
      const { events, ...deliveries } = tallies.of(partition);
      const claimed = inFlight.of(partition).length;
      return {
        webhooks: Number(countWebhooks.get(partition)?.['n']),
        events,
        deliveries: { ...deliveries, pending: deliveries.pending - claimed, in_flight: claimed },
      };
    },
  };
};

/**
 * Statements on the tables of leases and nodes, which the store's schema contains. All times are the database's.
 *
 * A lease is valid as long as the row of its node exists. A node is declared dead by deleting its row; after that, the first
 * node to ask takes its leases. The epoch of a lease rises whenever it is taken or given up.
 *
 * @module
 */
import { statement } from '../postgres/session.ts';

/** The channel of notifications; its name is the schema's. */
export const NOTIFY = statement('SELECT pg_notify($1, $2)');

/** Parameters: id, url, lock, milliseconds that it lives. */
export const REGISTER = statement(
  `INSERT INTO node (id, url, started, lock_key, expires_at)
   VALUES ($1, $2, clock_timestamp(), $3, clock_timestamp() + $4 * interval '1 millisecond')`,
);
export const RENEW = statement(
  `UPDATE node SET expires_at = clock_timestamp() + $2 * interval '1 millisecond' WHERE id = $1`,
);
/** The lock was lost, and has been taken again. */
export const LOCKED = statement('UPDATE node SET locked_at = clock_timestamp() WHERE id = $1');
/** Another node that may take accounts. `$1` is this one. */
const ANOTHER = 'id <> $1 AND NOT leaving AND expires_at > clock_timestamp()';

export const SET_LEAVING = statement(
  `WITH left_over AS (UPDATE node SET leaving = true WHERE id = $1)
   SELECT 1 FROM node WHERE ${ANOTHER} LIMIT 1`,
);
export const IS_ALIVE = statement('SELECT 1 FROM node WHERE id = $1');
export const REMOVE_NODES = statement('DELETE FROM node WHERE id = ANY ($1)');

/**
 * Deletes the nodes that have expired, and those whose session has ended, which releases their lock. A free lock shows that
 * with `$2`, or if it was last taken after this node took its own, or less than `$3` milliseconds before. The lock is held
 * until the end of the statement, so a node that connects again waits and then finds its row gone.
 */
export const BURY = statement(
  `DELETE FROM node WHERE id <> $1 AND (expires_at < clock_timestamp() OR (
     ($2 OR locked_at > (SELECT locked_at FROM node WHERE id = $1) - $3::float8 * interval '1 millisecond')
     AND pg_try_advisory_xact_lock(lock_key))) RETURNING id`,
);

export interface LeaseRow extends Record<string, unknown> {
  readonly node: string | null;
  /** Null if the node is dead, or the lease is free. */
  readonly url: string | null;
}

export const OWNER = statement(
  'SELECT l.node, n.url FROM account_lease l LEFT JOIN node n ON n.id = l.node WHERE l.key_hash = $1',
);

export interface TakenRow extends Record<string, unknown> {
  readonly account: number;
  readonly epoch: number;
}

/** Takes a lease that no living node but this one holds. A row is returned if it worked. */
export const TAKE = statement(
  `INSERT INTO account_lease AS l (key_hash, node, epoch) SELECT $1, id, 1 FROM node WHERE id = $2
   ON CONFLICT (key_hash) DO UPDATE SET node = excluded.node, epoch = l.epoch + 1
     WHERE l.node IS NULL OR l.node = excluded.node OR NOT EXISTS (SELECT 1 FROM node n WHERE n.id = l.node)
   RETURNING account, epoch`,
);

export interface OrphanRow extends TakenRow {
  readonly key_hash: string;
  /** The dead owner; null if the lease was given up. */
  readonly previous: string | null;
}

/** Few, so that the nodes that are left share the accounts of a dead one. */
const MAX_ORPHANS = 8;

/**
 * Takes some leases of accounts that have work and no owner. Other nodes do the same, each with other rows. `$2` are hashes of
 * keys that this node is taking already.
 */
export const TAKE_ORPHANS = statement(
  `WITH orphan AS (
     SELECT l.key_hash, l.node FROM account_lease l JOIN account a ON a.key = l.account JOIN part p ON p.part = a.part
     WHERE (l.node IS NULL OR NOT EXISTS (SELECT 1 FROM node n WHERE n.id = l.node))
       AND (p.pending > 0 OR EXISTS (SELECT 1 FROM command c WHERE c.part = a.part))
       AND EXISTS (SELECT 1 FROM node WHERE id = $1) AND l.key_hash <> ALL ($2::text[])
     ORDER BY l.account LIMIT ${MAX_ORPHANS} FOR UPDATE OF l SKIP LOCKED
   )
   UPDATE account_lease l SET node = $1, epoch = l.epoch + 1 FROM orphan o WHERE l.key_hash = o.key_hash
   RETURNING l.key_hash, l.account, l.epoch, o.node AS previous`,
);

export const RELEASE = statement(
  'UPDATE account_lease SET node = NULL, epoch = epoch + 1 WHERE key_hash = $1 AND node = $2 AND epoch = $3',
);
export const RELEASE_ALL = statement(
  'UPDATE account_lease SET node = NULL, epoch = epoch + 1 WHERE node = $1',
);
/** Gives up leases that were taken, but whose response was lost. `$2` are the accounts that this node knows it holds. */
export const RELEASE_UNKNOWN = statement(
  'UPDATE account_lease SET node = NULL, epoch = epoch + 1 WHERE node = $1 AND account <> ALL ($2::int[])',
);

/** A node that takes over from this one, the same one for the same account as long as the nodes are the same. */
export const SUCCESSOR = statement(
  `SELECT id AS node, url FROM node WHERE ${ANOTHER}
   ORDER BY hashtext(id || $2) LIMIT 1`,
);

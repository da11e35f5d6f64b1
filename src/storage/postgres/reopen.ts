/**
 * Opens an account that exists, in one statement and therefore in one transaction: after the death of a node, the next ones
 * open many.
 *
 * @module
 */
import type { AccountKey } from '../../domain/delivery.ts';
import { LeaseLost } from '../../domain/lease-lost.ts';
import type { AccountColumns } from '../rows/account-row.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { TALLY_COLUMNS, type PartRow } from './account-states.ts';
import type { Context } from './context.ts';
import { SOLE_OWNER } from '../../postgres/fence.ts';
import { first, statement, type Session } from '../../postgres/session.ts';

export interface AccountRow extends AccountColumns, Record<string, unknown> {
  readonly key: number;
  readonly part: number;
}

type Reopened = AccountRow & PartRow;

/** Numbers that change by the cancelled deliveries. The statement sees the rows as they were before it. */
const NOW: Readonly<Partial<Record<string, string>>> = {
  pending: 'p.pending - n.n AS pending',
  cancelled: 'p.cancelled + n.n AS cancelled',
};

/**
 * `$1` account, `$2` epoch, `$3` whether this process owns all accounts. Returns no row if another node holds the lease;
 * `key` is null if the account is new.
 *
 * Pending deliveries of deleted webhooks are cancelled: they were in flight, or not cancelled yet, when the owner closed the
 * account or died.
 */
const REOPEN = statement(
  `WITH held AS MATERIALIZED (
     SELECT account FROM account_lease WHERE account = $1 AND (epoch = $2 OR $3) FOR SHARE
   ), reopened AS (
     UPDATE account SET opens = opens + 1 WHERE key = (SELECT account FROM held) RETURNING *
   ), cancelled AS (
     UPDATE delivery d SET status = ${STATUS_CODES.cancelled}, due_at = NULL, settled_at = w.deleted_at
     FROM reopened r JOIN webhook w ON w.part = r.part
     WHERE w.deleted_at IS NOT NULL AND d.webhook = w.key AND d.status = ${STATUS_CODES.pending} RETURNING 1
   ), n AS MATERIALIZED (SELECT count(*) AS n FROM cancelled),
   counted AS (
     UPDATE part p SET pending = pending - n, cancelled = cancelled + n FROM n, reopened r WHERE p.part = r.part AND n > 0
   )
   SELECT r.*, p.next_event, p.next_delivery, ${TALLY_COLUMNS.map((column) => NOW[column] ?? `p.${column}`).join(', ')}
   FROM held CROSS JOIN n LEFT JOIN reopened r ON true LEFT JOIN part p ON p.part = r.part`,
);

/**
 * @returns its row, now one opening further; null if the account is new
 * @throws {LeaseLost} if another node owns it
 */
export const reopen = async (
  session: Session,
  { fence, states }: Pick<Context, 'fence' | 'states'>,
  key: AccountKey,
  epoch: number,
): Promise<AccountRow | null> => {
  const isSole = fence === SOLE_OWNER;
  const row = await first<Reopened>(session, REOPEN, [key, epoch, isSole]);
  if (row === undefined) {
    states.drop(key);
    fence.lost(key);
    throw new LeaseLost(key);
  }
  if ((row.key as number | null) === null) return null;
  // The caller has closed the account, if it was open.
  states.drop(key);
  states.adopt(key, epoch, row);
  return row;
};

/**
 * Webhooks. Deleted ones stay for the history of their deliveries.
 *
 * @module
 */
import type { AccountKey, Millis, Webhook, WebhookKey } from '../../domain/delivery.ts';
import { deliveryId } from '../../domain/delivery-id.ts';
import { afterWebhookDeleted } from '../../domain/delivery-transitions.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { NewWebhook, WebhookStore } from '../store.ts';
import type { Change, Context } from './context.ts';
import { saveResponse } from './responses.ts';
import { all, first, numbers, run, statement, type Session } from '../../postgres/session.ts';
import { slicesOf } from '../../domain/sliced-list.ts';

interface WebhookRow extends Record<string, unknown> {
  readonly key: number;
  readonly id: string;
  readonly url: string;
  readonly events: string;
  readonly secret: string;
  readonly status: Webhook['status'];
  readonly created_at: number;
}

const toWebhook = (account: AccountKey, row: WebhookRow): Webhook => ({
  key: row.key,
  account,
  id: row.id,
  url: row.url,
  events: JSON.parse(row.events) as Webhook['events'],
  secret: row.secret,
  status: row.status,
  createdAt: row.created_at,
});

const LIVE = 'SELECT * FROM webhook WHERE part = $1 AND deleted_at IS NULL';
const LIST = statement(`${LIVE} ORDER BY key`);
const FIND = statement(`${LIVE} AND id = $2`);
const INSERT = statement(
  `INSERT INTO webhook (part, id, url, events, secret, status, created_at)
   SELECT $1, $2, $3, $4, $5, $6, $7
   WHERE (SELECT count(*) FROM webhook WHERE part = $1 AND deleted_at IS NULL) < $8 RETURNING key`,
);
const UPDATE = statement(
  'UPDATE webhook SET url = $2, events = $3, secret = $4, status = $5 WHERE key = $1 RETURNING *',
);
const MARK_DELETED = statement('UPDATE webhook SET deleted_at = $2 WHERE key = $1');

/** Number of rows to cancel per transaction: some milliseconds. */
const ROWS_PER_SLICE = 1000;

// Deliveries in flight are pending on disk, too; they are settled when their attempt is recorded. Each slice begins after
// the last row of the one before, because PostgreSQL would search through all rows that were cancelled already.
const CANCEL = statement(
  `UPDATE delivery d SET status = $1, due_at = $2, settled_at = $3
   FROM (
     SELECT part, seq, due_at FROM delivery
     WHERE webhook = $4 AND status = ${STATUS_CODES.pending} AND part = $5 AND seq <> ALL ($6::bigint[])
       AND (due_at, seq) > ($7::bigint, $8::bigint) ORDER BY due_at, seq LIMIT ${ROWS_PER_SLICE}
   ) p WHERE d.part = p.part AND d.seq = p.seq RETURNING d.seq, p.due_at`,
);

const find = async (
  session: Session,
  account: AccountKey,
  part: number,
  id: string,
): Promise<Webhook | null> => {
  const row = await first<WebhookRow>(session, FIND, [part, id]);
  return row === undefined ? null : toWebhook(account, row);
};

/** Place of a row in the order of due times. */
type Place = readonly [dueAt: Millis, seq: number];

/** Cancels one slice of a webhook's pending deliveries after a place. */
const cancelSlice = async (
  { session, state, count }: Change,
  webhook: WebhookKey,
  now: Millis,
  after: Place,
): Promise<{ readonly cancelled: readonly number[]; readonly last: Place }> => {
  const { status, dueAt, settledAt } = afterWebhookDeleted(now);
  const claimed = numbers([...state.flights.to(webhook)]);
  const values = [STATUS_CODES[status], dueAt, settledAt, webhook, state.part, claimed, ...after];
  const rows = await all<{ seq: number; due_at: number }>(session, CANCEL, values);
  if (rows.length > 0) await count({ pending: -rows.length, [status]: rows.length });
  const last = rows.reduce<Place>(
    ([dueAtMax, seqMax], { due_at: due, seq }) =>
      due > dueAtMax || (due === dueAtMax && seq > seqMax) ? [due, seq] : [dueAtMax, seqMax],
    after,
  );
  return { cancelled: rows.map(({ seq }) => seq), last };
};

const createDelete =
  ({ change }: Context): WebhookStore['deleteWebhook'] =>
  async (account, id, now) => {
    const webhook = await change(account, async ({ session, state, afterCommit }) => {
      const found = await find(session, account, state.part, id);
      if (found === null) return null;
      await run(session, MARK_DELETED, [found.key, now]);
      afterCommit(() => state.flights.markWebhookDeleted(found.key, now));
      return found;
    });
    if (webhook === null) return null;
    const cancelled: number[] = [];
    let last: Place = [-1, 0];
    for (;;) {
      // Other writes take their turn in between. If the process is killed before the last slice, the next owner cancels
      // the rest: see CANCEL_ORPHANS.
      const slice = await change(account, (one) => cancelSlice(one, webhook.key, now, last));
      for (const seq of slice.cancelled) cancelled.push(seq);
      if (slice.cancelled.length < ROWS_PER_SLICE) break;
      ({ last } = slice);
    }
    return slicesOf(cancelled.sort((a, b) => a - b).map(deliveryId));
  };

const insert = async (
  { session, state }: Change,
  { id, url, events, secret, status, createdAt }: NewWebhook,
  limit: number,
): Promise<number | undefined> => {
  const values = [state.part, id, url, JSON.stringify(events), secret, status, createdAt, limit];
  return (await first<{ key: number }>(session, INSERT, values))?.key;
};

export const createWebhooks = (context: Context): WebhookStore => {
  const { reader, view, change, states } = context;
  return {
    createWebhook: (account, webhook, limit, remember) =>
      change(account, async (one) => {
        const key = await insert(one, webhook, limit);
        if (key === undefined) return null;
        const created = { ...webhook, key, account };
        if (remember !== undefined)
          await saveResponse(one.session, one.state.part, remember(created));
        one.afterCommit(() => states.noteWebhook(key, account));
        return created;
      }),
    listWebhooks: async (account) => {
      const { part } = await view(account);
      return (await all<WebhookRow>(reader, LIST, [part])).map((row) => toWebhook(account, row));
    },
    updateWebhook: (account, id, changes, remember) =>
      change(account, async ({ session, state }) => {
        const before = await find(session, account, state.part, id);
        if (before === null) return null;
        const { key, url, events, secret, status } = { ...before, ...changes };
        const values = [key, url, JSON.stringify(events), secret, status];
        const row = await first<WebhookRow>(session, UPDATE, values);
        if (row === undefined) return null;
        const changed = toWebhook(account, row);
        if (remember !== undefined) await saveResponse(session, state.part, remember(changed));
        return changed;
      }),
    deleteWebhook: createDelete(context),
  };
};

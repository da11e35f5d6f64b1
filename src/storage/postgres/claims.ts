/**
 * Claims of due deliveries. Rows in flight stay pending on disk, so a query for due rows has to skip them. Both run on the
 * writer: while they read, nothing that is in flight ends.
 *
 * @module
 */
import type { Millis, SignatureMode, StoredEvent, WebhookKey } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { Claim, QueueStore } from '../store.ts';
import type { AccountState } from './account-states.ts';
import type { Context } from './context.ts';
import { all, numbers, statement } from '../../postgres/session.ts';
import { readText } from './text.ts';

interface ClaimRow {
  readonly seq: number;
  readonly attempts_made: number;
  readonly due_at: number;
  readonly signature: SignatureMode | null;
  readonly body: Buffer | null;
  readonly event_id: string;
  readonly event_type: StoredEvent['type'];
  readonly event_body: string;
}

const DUE = statement(
  `SELECT d.seq, d.attempts_made, d.due_at, d.signature, d.body, e.id AS event_id, e.type AS event_type, e.body AS event_body
   FROM (
     SELECT * FROM delivery WHERE webhook = $1 AND status = ${STATUS_CODES.pending} AND due_at <= $2
       AND part = $3 AND seq <> ALL ($4::bigint[])
       AND EXISTS (SELECT 1 FROM webhook WHERE key = $1 AND deleted_at IS NULL)
     ORDER BY due_at, seq LIMIT $5
   ) d JOIN event e ON e.part = d.part AND e.seq = d.event ORDER BY d.due_at, d.seq`,
);
const NEXT = statement(
  `SELECT w.key, d.due_at FROM webhook w CROSS JOIN LATERAL (
     SELECT due_at FROM delivery WHERE webhook = w.key AND status = ${STATUS_CODES.pending}
       AND seq <> ALL ($2::bigint[]) ORDER BY due_at, seq LIMIT 1
   ) d WHERE w.part = $1 AND w.deleted_at IS NULL`,
);

const claim = (state: AccountState, webhook: WebhookKey, row: ClaimRow): Claim => {
  const attempt = row.attempts_made + 1;
  state.flights.add(row.seq, { webhook, attempt });
  return {
    delivery: rowKey(state.account, row.seq),
    account: state.account,
    webhook,
    eventId: row.event_id,
    eventType: row.event_type,
    body: row.body === null ? row.event_body : readText(row.body),
    signature: row.signature ?? 'valid',
    attempt,
    dueAt: row.due_at,
  };
};

export const createClaims = ({
  writer,
  states,
}: Context): Pick<QueueStore, 'claimDue' | 'nextDueAt'> => ({
  claimDue: (webhook, now, limit) =>
    writer.run(async (session) => {
      const state = await states.ofWebhook(session, webhook);
      if (state === null) return [];
      const { flights, part } = state;
      const claimed = numbers([...flights.to(webhook)]);
      const values = [webhook, now, part, claimed, limit];
      const rows = await all<ClaimRow & Record<string, unknown>>(session, DUE, values);
      // Dropped meanwhile: another node may own the account.
      if (states.peek(state.account) !== state) return [];
      return rows.map((row) => claim(state, webhook, row));
    }),

  nextDueAt: (account) =>
    writer.run(async (session) => {
      const { part, flights } = await states.load(session, account);
      const rows = await all<{ key: WebhookKey; due_at: Millis }>(session, NEXT, [
        part,
        numbers([...flights.all.keys()]),
      ]);
      return new Map(rows.map((row) => [row.key, row.due_at]));
    }),
});

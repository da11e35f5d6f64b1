/**
 * Dead letters, by event. A deleted webhook has none.
 *
 * @module
 */
import type { AccountKey, WebhookKey } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { DeadLetter, HistoryStore } from '../store.ts';
import type { Context, View } from './context.ts';
import {
  deliveryRow,
  eventRange,
  ofEvent,
  SELECT_DELIVERY,
  toDelivery,
  type DeliveryRow,
} from './delivery-rows.ts';
import { all, first, run, statement, type Session } from '../../postgres/session.ts';

const IS_LIVE = statement(
  'SELECT 1 FROM webhook WHERE key = $1 AND part = $2 AND deleted_at IS NULL',
);
const LIST = statement(
  `${SELECT_DELIVERY} WHERE d.part = $1 AND d.seq IN (
     SELECT max(seq) FROM delivery WHERE webhook = $2 AND status = ${STATUS_CODES.dead} AND event > $3
     GROUP BY event ORDER BY event LIMIT $4
   ) ORDER BY d.event`,
);
const NEWEST = statement(
  `SELECT max(seq) AS newest FROM delivery WHERE part = $1 AND seq IN (${ofEvent(1)})
     AND webhook = $5 AND status IN (${STATUS_CODES.dead}, ${STATUS_CODES.acknowledged})`,
);
const ACKNOWLEDGE = statement(
  `UPDATE delivery SET status = ${STATUS_CODES.acknowledged}, acknowledged_at = $1
   WHERE webhook = $2 AND status = ${STATUS_CODES.dead} AND event = $3 AND part = $4`,
);

const toDeadLetter = (account: AccountKey, row: DeliveryRow, view: View): DeadLetter => ({
  seq: rowKey(account, row.event),
  event: {
    id: row.event_id,
    type: row.event_type,
    createdAt: row.event_created_at,
    body: row.event_body,
  },
  delivery: toDelivery(account, row, view),
});

const isLive = async (session: Session, { part }: View, webhook: WebhookKey): Promise<boolean> =>
  (await first(session, IS_LIVE, [webhook, part])) !== undefined;

const find = async (
  session: Session,
  account: AccountKey,
  view: View,
  webhook: WebhookKey,
  eventId: string,
): Promise<DeadLetter | null> => {
  if (!(await isLive(session, view, webhook))) return null;
  const range = await eventRange(session, view.part, eventId);
  if (range === null) return null;
  const { first: from, past, seq: event } = range;
  const found = await first<{ newest: number | null }>(session, NEWEST, [
    view.part,
    from,
    past,
    event,
    webhook,
  ]);
  const newest = found?.newest ?? null;
  const row = newest === null ? null : await deliveryRow(session, view.part, newest);
  return row === null ? null : toDeadLetter(account, row, view);
};

export const createDeadLetters = ({
  reader,
  view,
  change,
}: Context): Pick<HistoryStore, 'listDeadLetters' | 'getDeadLetter' | 'acknowledge'> => ({
  listDeadLetters: async (account, webhook, { limit, after }) => {
    const seen = await view(account);
    if (!(await isLive(reader, seen, webhook))) return [];
    const from = Math.max(0, (after ?? 0) - rowKey(account, 0));
    const rows = await all<DeliveryRow>(reader, LIST, [seen.part, webhook, from, limit]);
    return rows.map((row) => toDeadLetter(account, row, seen));
  },
  getDeadLetter: async (account, webhook, eventId) =>
    find(reader, account, await view(account), webhook, eventId),
  acknowledge: (account, webhook, eventId, now) =>
    change(account, async ({ session, state, count }) => {
      const seen = { part: state.part, claimed: state.flights.all, flights: state.flights };
      const letter = await find(session, account, seen, webhook, eventId);
      if (letter === null) return null;
      const event = letter.seq - rowKey(account, 0);
      const changed = await run(session, ACKNOWLEDGE, [now, webhook, event, state.part]);
      if (changed > 0) await count({ dead: -changed, acknowledged: changed });
      return find(session, account, seen, webhook, eventId);
    }),
});

/**
 * Lists and lookups of events and deliveries. Reads only.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { AccountKey, Delivery } from '../../domain/delivery.ts';
import { deliveryKey, rowKey } from '../../domain/delivery-id.ts';
import { nextTurn } from '../../domain/event-loop.ts';
import type { DeliveryFilter, EventRow, HistoryStore, Page } from '../store.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import { OF_EVENT, SELECT_DELIVERY, type DeliveryRow, type DeliveryRows } from './delivery-rows.ts';
import type { InFlight } from './in-flight.ts';
import { readText } from './text.ts';
import type { ReadWithDeferred } from './deferred-rows.ts';

export type History = Pick<
  HistoryStore,
  'listEvents' | 'getEvent' | 'listDeliveries' | 'getDelivery'
>;

interface Conditions {
  readonly where: string;
  readonly values: readonly SQLInputValue[];
}

/** Exclusive upper bound of a page. It never passes the account's own rows, whatever a cursor says. */
const upperBound = (account: AccountKey, after: number | undefined): number =>
  Math.min(after ?? Infinity, rowKey(account + 1, 0));

/** Rows to search for a match before yielding to the event loop, about 5 ms. */
const ROWS_PER_SEARCH = 4096;

/**
 * Search an account's rows in slices, newest first: a filter that few of a million rows fit takes a second.
 *
 * @param read rows from `from` on and before `before`
 */
const searchInSlices = async <Row>(
  db: DatabaseSync,
  table: 'event' | 'delivery',
  account: AccountKey,
  { limit, after }: Page,
  read: (from: number, before: number, limit: number) => readonly Row[],
): Promise<Row[]> => {
  const first = rowKey(account, 0) + 1;
  const boundary = db.prepare(
    `SELECT seq FROM ${table} WHERE seq >= ? AND seq < ? ORDER BY seq DESC LIMIT 1 OFFSET ${ROWS_PER_SEARCH}`,
  );
  const found: Row[] = [];
  for (let before = upperBound(account, after); ;) {
    const last = boundary.get(first, before);
    const from = last === undefined ? first : Number(last['seq']);
    found.push(...read(from, before, limit - found.length));
    if (last === undefined || found.length >= limit) return found;
    before = from;
    await nextTurn();
  }
};

/** Whether a filter may have to search: these find their rows by key. */
const hasToSearch = ({ status, event, eventId, webhookId }: DeliveryFilter): boolean =>
  eventId === undefined &&
  status !== 'in_flight' &&
  (status !== undefined || event !== undefined || webhookId !== undefined);

/** Translates a filter to SQL; null if it names a webhook or an event that does not exist. */
const createConditions = (
  db: DatabaseSync,
  rows: DeliveryRows,
  inFlight: InFlight,
): ((account: AccountKey, filter: DeliveryFilter) => Conditions | null) => {
  const webhookKey = db.prepare('SELECT key FROM webhook WHERE account = ? AND id = ?');

  return (account, filter) => {
    const where = ['true'];
    const values: SQLInputValue[] = [];
    const add = (condition: string, ...parameters: SQLInputValue[]): void => {
      where.push(condition);
      values.push(...parameters);
    };
    const { status, event, eventId, webhookId } = filter;
    const claimed = JSON.stringify(
      status === 'in_flight' || status === 'pending' ? inFlight.of(account) : [],
    );
    if (status === 'in_flight') add('d.seq IN (SELECT value FROM json_each(?))', claimed);
    else if (status !== undefined) {
      add('d.status = ?', STATUS_CODES[status]);
      // Deliveries in flight are pending on disk.
      if (status === 'pending') add('d.seq NOT IN (SELECT value FROM json_each(?))', claimed);
    }
    if (event !== undefined) add('e.type = ?', event);
    if (webhookId !== undefined) {
      const webhook = webhookKey.get(account, webhookId);
      if (webhook === undefined) return null;
      add('d.webhook = ?', Number(webhook['key']));
    }
    if (eventId !== undefined) {
      const range = rows.ofEvent(account, eventId);
      if (range === null) return null;
      add(`d.seq IN (${OF_EVENT})`, ...range);
    }
    return { where: where.join(' AND '), values };
  };
};

export const createHistory = (
  db: DatabaseSync,
  rows: DeliveryRows,
  inFlight: InFlight,
  readWithDeferred: ReadWithDeferred,
): History => {
  const oneEvent = db.prepare(
    'SELECT seq, id, type, created_at AS createdAt, body FROM event WHERE account = ? AND id = ?',
  );
  const conditions = createConditions(db, rows, inFlight);

  return {
    listEvents: async (account, { event }, page) => {
      const type = event === undefined ? '' : 'AND type = :event';
      const select = db.prepare(
        `SELECT seq, id, type, created_at AS createdAt, body FROM event
         WHERE seq >= :from AND seq < :before ${type} ORDER BY seq DESC LIMIT :limit`,
      );
      const read = (from: number, before: number, limit: number): EventRow[] =>
        select.all({
          from,
          before,
          limit,
          ...(event === undefined ? {} : { event }),
        }) as unknown as EventRow[];
      return event === undefined
        ? read(rowKey(account, 0) + 1, upperBound(account, page.after), page.limit)
        : searchInSlices(db, 'event', account, page, read);
    },
    getEvent: async (account, id) =>
      (oneEvent.get(account, id) as unknown as EventRow | undefined) ?? null,

    listDeliveries: async (account, filter, page) => {
      const read = (from: number, before: number, limit: number): Delivery[] =>
        readWithDeferred(account, () => {
          const found = conditions(account, filter);
          if (found === null) return [];
          const sql = `${SELECT_DELIVERY} WHERE ${found.where} AND d.seq >= ? AND d.seq < ? ORDER BY d.seq DESC LIMIT ?`;
          const matching = db.prepare(sql).all(...found.values, from, before, limit);
          return (matching as unknown as DeliveryRow[]).map(rows.toDelivery);
        });
      return hasToSearch(filter)
        ? searchInSlices(db, 'delivery', account, page, read)
        : read(rowKey(account, 0) + 1, upperBound(account, page.after), page.limit);
    },
    getDelivery: async (account, id) => {
      const key = deliveryKey(account, id);
      const row = key === null ? null : readWithDeferred(account, () => rows.one(key));
      if (row === null) return null;
      return {
        ...rows.toDelivery(row),
        body: row.body === null ? row.event_body : readText(row.body),
        attempts: readAttempts(row.attempts),
      };
    },
  };
};

/**
 * What has happened: events and deliveries. Reads only.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { deliveryKey, rowKey } from '../../domain/delivery-id.ts';
import type { DeliveryFilter, EventRow, HistoryStore } from '../store.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import { OF_EVENT, SELECT_DELIVERY, type DeliveryRow, type DeliveryRows } from './delivery-rows.ts';
import type { InFlight } from './in-flight.ts';
import { readText } from './text.ts';
import type { ReadWhole } from './unwritten.ts';

export type History = Pick<
  HistoryStore,
  'listEvents' | 'getEvent' | 'listDeliveries' | 'getDelivery'
>;

interface Conditions {
  readonly where: string;
  readonly values: readonly SQLInputValue[];
}

/** Where a page ends: never past the account's own rows, whatever a cursor says. */
const before = (account: AccountKey, after: number | undefined): number =>
  Math.min(after ?? Infinity, rowKey(account + 1, 0));

export const createHistory = (
  db: DatabaseSync,
  rows: DeliveryRows,
  inFlight: InFlight,
  readWhole: ReadWhole,
): History => {
  const oneEvent = db.prepare(
    'SELECT seq, id, type, created_at AS createdAt, body FROM event WHERE account = ? AND id = ?',
  );
  const webhookKey = db.prepare('SELECT key FROM webhook WHERE account = ? AND id = ?');

  /** SQL for a filter; null when it names what is not there. */
  const conditions = (account: AccountKey, filter: DeliveryFilter): Conditions | null => {
    const where = ['d.seq > ?'];
    const values: SQLInputValue[] = [rowKey(account, 0)];
    const add = (condition: string, ...more: SQLInputValue[]): void => {
      where.push(condition);
      values.push(...more);
    };
    const { status, event, eventId, webhookId } = filter;
    const flying = JSON.stringify(
      status === 'in_flight' || status === 'pending' ? inFlight.of(account) : [],
    );
    if (status === 'in_flight') add('d.seq IN (SELECT value FROM json_each(?))', flying);
    else if (status !== undefined) {
      add('d.status = ?', STATUS_CODES[status]);
      // What was claimed from the queue is pending on disk.
      if (status === 'pending') add('d.seq NOT IN (SELECT value FROM json_each(?))', flying);
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

  return {
    listEvents: async (account, { event }, { limit, after }) => {
      const type = event === undefined ? '' : 'AND type = :event';
      return db
        .prepare(
          `SELECT seq, id, type, created_at AS createdAt, body FROM event
           WHERE seq > :from AND seq < :after ${type} ORDER BY seq DESC LIMIT :limit`,
        )
        .all({
          from: rowKey(account, 0),
          after: before(account, after),
          limit,
          ...(event === undefined ? {} : { event }),
        }) as unknown as EventRow[];
    },
    getEvent: async (account, id) =>
      (oneEvent.get(account, id) as unknown as EventRow | undefined) ?? null,

    listDeliveries: async (account, filter, { limit, after }) => {
      return readWhole(account, () => {
        const found = conditions(account, filter);
        if (found === null) return [];
        const sql = `${SELECT_DELIVERY} WHERE ${found.where} AND d.seq < ? ORDER BY d.seq DESC LIMIT ?`;
        const page = db.prepare(sql).all(...found.values, before(account, after), limit);
        return (page as unknown as DeliveryRow[]).map(rows.toDelivery);
      });
    },
    getDelivery: async (account, id) => {
      const key = deliveryKey(account, id);
      const row = key === null ? null : readWhole(account, () => rows.one(key));
      if (row === null) return null;
      return {
        ...rows.toDelivery(row),
        body: row.body === null ? row.event_body : readText(row.body),
        attempts: readAttempts(row.attempts),
      };
    },
  };
};

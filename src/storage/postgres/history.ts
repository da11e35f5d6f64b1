/**
 * Lists and lookups of events and deliveries. Reads only.
 *
 * @module
 */
import { deliveryKey, ROW_NUMBERS, rowKey, rowNumber } from '../../domain/delivery-id.ts';
import type { AccountKey } from '../../domain/delivery.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { DeliveryFilter, EventRow, HistoryStore, Page } from '../store.ts';
import type { Context, View } from './context.ts';
import {
  deliveryRow,
  eventRange,
  ofEvent,
  SELECT_DELIVERY,
  toDelivery,
  type DeliveryRow,
} from './delivery-rows.ts';
import { all, first, numbers, statement, type Session } from '../../postgres/session.ts';
import { readText } from './text.ts';

export type History = Pick<
  HistoryStore,
  'listEvents' | 'getEvent' | 'listDeliveries' | 'getDelivery'
>;

interface StoredRow extends EventRow, Record<string, unknown> {}

const EVENT = 'SELECT seq, id, type, created_at AS "createdAt", body FROM event WHERE part = $1';
const ONE_EVENT = statement(`${EVENT} AND id = $2`);
const EVENTS = statement(`${EVENT} AND seq < $2 ORDER BY seq DESC LIMIT $3`);
const EVENTS_OF_TYPE = statement(`${EVENT} AND seq < $2 AND type = $4 ORDER BY seq DESC LIMIT $3`);
const WEBHOOK = statement('SELECT key FROM webhook WHERE part = $1 AND id = $2');

/** Numbers before this one belong to the page. A cursor of another account gives all or nothing. */
const upperBound = (account: AccountKey, { after }: Page): number => {
  const number = after === undefined ? Infinity : after - rowKey(account, 0);
  return Math.max(0, Math.min(number, ROW_NUMBERS));
};

interface Conditions {
  readonly where: string;
  readonly values: readonly unknown[];
}

/** Translates a filter to SQL; null if it names a webhook or an event that does not exist. */
const conditions = async (
  session: Session,
  { part, claimed }: View,
  { status, event, webhookId, eventId }: DeliveryFilter,
): Promise<Conditions | null> => {
  const where = ['d.part = $1'];
  const values: unknown[] = [part];
  const add = (condition: (at: number) => string, ...parameters: unknown[]): void => {
    where.push(condition(values.length + 1));
    values.push(...parameters);
  };
  const flying = numbers([...claimed.keys()]);
  if (status === 'in_flight') add((at) => `d.seq = ANY ($${at}::bigint[])`, flying);
  else if (status !== undefined) {
    add((at) => `d.status = $${at}`, STATUS_CODES[status]);
    // Deliveries in flight are pending on disk.
    if (status === 'pending') add((at) => `d.seq <> ALL ($${at}::bigint[])`, flying);
  }
  if (event !== undefined) add((at) => `e.type = $${at}`, event);
  if (webhookId !== undefined) {
    const webhook = await first<{ key: number }>(session, WEBHOOK, [part, webhookId]);
    if (webhook === undefined) return null;
    add((at) => `d.webhook = $${at}`, webhook.key);
  }
  if (eventId !== undefined) {
    const range = await eventRange(session, part, eventId);
    if (range === null) return null;
    add((at) => `d.seq IN (${ofEvent(at)})`, part, range.first, range.past, range.seq);
  }
  return { where: where.join(' AND '), values };
};

/** Statements of lists, by their text: there are as many as there are combinations of filters. */
const lists = new Map<string, ReturnType<typeof statement>>();

const listStatement = (where: string, parameters: number): ReturnType<typeof statement> => {
  const text = `${SELECT_DELIVERY} WHERE ${where} AND d.seq < $${parameters + 1} ORDER BY d.seq DESC LIMIT $${parameters + 2}`;
  const known = lists.get(text);
  if (known !== undefined) return known;
  const made = statement(text);
  lists.set(text, made);
  return made;
};

export const createHistory = ({ reader, view }: Context): History => {
  const out = (account: AccountKey, { seq, ...event }: EventRow): EventRow => ({
    ...event,
    seq: rowKey(account, seq),
  });
  return {
    listEvents: async (account, { event }, page) => {
      const { part } = await view(account);
      const values = [part, upperBound(account, page), page.limit];
      const rows =
        event === undefined
          ? await all<StoredRow>(reader, EVENTS, values)
          : await all<StoredRow>(reader, EVENTS_OF_TYPE, [...values, event]);
      return rows.map((row) => out(account, row));
    },
    getEvent: async (account, id) => {
      const { part } = await view(account);
      const row = await first<StoredRow>(reader, ONE_EVENT, [part, id]);
      return row === undefined ? null : out(account, row);
    },
    listDeliveries: async (account, filter, page) => {
      const seen = await view(account);
      const found = await conditions(reader, seen, filter);
      if (found === null) return [];
      const rows = await all<DeliveryRow>(reader, listStatement(found.where, found.values.length), [
        ...found.values,
        upperBound(account, page),
        page.limit,
      ]);
      return rows.map((row) => ({
        ...toDelivery(account, row, seen),
        eventBody: row.event_body,
      }));
    },
    getDelivery: async (account, id) => {
      const key = deliveryKey(account, id);
      if (key === null) return null;
      const seen = await view(account);
      const row = await deliveryRow(reader, seen.part, rowNumber(key));
      if (row === null) return null;
      return {
        ...toDelivery(account, row, seen),
        body: row.body === null ? row.event_body : readText(row.body),
        attempts: readAttempts(row.attempts),
      };
    },
  };
};

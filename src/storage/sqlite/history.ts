/**
 * Lists and lookups of events and deliveries. Reads only.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey, Delivery } from '../../domain/delivery.ts';
import { deliveryKey, rowKey } from '../../domain/delivery-id.ts';
import type { DeliveryFilter, EventRow, HistoryStore, Page } from '../store.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import { OF_EVENT, SELECT_DELIVERY, type DeliveryRow, type DeliveryRows } from './delivery-rows.ts';
import type { InFlight } from './in-flight.ts';
import { createKinds, type Kind } from './kinds.ts';
import { STATUSES, type SavedStatus, type Tallies } from './tallies.ts';
import { readText } from './text.ts';
import type { ReadWithDeferred } from './deferred-rows.ts';

export type History = Pick<
  HistoryStore,
  'listEvents' | 'getEvent' | 'listDeliveries' | 'getDelivery'
>;

/** Exclusive upper bound of a page. It never passes the account's own rows, whatever a cursor says. */
const upperBound = (account: AccountKey, after: number | undefined): number =>
  Math.min(after ?? Infinity, rowKey(account + 1, 0));

/** Deliveries of one event, or those in flight: few, which are read and then filtered. */
const createFewMatching = (
  db: DatabaseSync,
  rows: DeliveryRows,
  inFlight: InFlight,
): ((account: AccountKey, filter: DeliveryFilter, page: Page) => Delivery[]) => {
  const select = (keys: string) =>
    db.prepare(`${SELECT_DELIVERY} WHERE d.seq IN (${keys}) AND d.seq < ? ORDER BY d.seq DESC`);
  const ofEvent = select(OF_EVENT);
  const ofKeys = select('SELECT value FROM json_each(?)');
  return (account, filter, { limit, after }) => {
    const { status, event, eventId, webhookId } = filter;
    const before = upperBound(account, after);
    const found: Delivery[] = [];
    const range = eventId === undefined ? null : rows.ofEvent(account, eventId);
    if (eventId !== undefined && range === null) return [];
    const matching =
      range === null
        ? ofKeys.iterate(JSON.stringify(inFlight.of(account)), before)
        : ofEvent.iterate(...range, before);
    for (const row of matching as IterableIterator<unknown>) {
      const delivery = rows.toDelivery(row as DeliveryRow);
      if (status !== undefined && delivery.status !== status) continue;
      if (event !== undefined && delivery.eventType !== event) continue;
      if (webhookId !== undefined && delivery.webhookId !== webhookId) continue;
      if (found.push(delivery) === limit) break;
    }
    return found;
  };
};

/** Statuses on disk that a status can have, by the rule of `deletions.ts`. */
const savedAs = (status: SavedStatus, isDeleted: boolean): readonly SavedStatus[] => {
  if (!isDeleted) return [status];
  if (status === 'pending') return [];
  return status === 'cancelled' ? ['cancelled', 'pending'] : [status];
};

/** Finds the keys of an account's deliveries by status, event type and webhook. */
const createFindByKind = (
  db: DatabaseSync,
  tallies: Tallies,
  inFlight: InFlight,
): ((account: AccountKey, filter: DeliveryFilter, page: Page) => number[]) => {
  const { newest } = createKinds(db);
  const webhooksOf = db.prepare(
    'SELECT key, id, deleted_at IS NOT NULL AS isDeleted FROM webhook WHERE account = ?',
  );
  return (account, { status, event, webhookId }, { limit, after }) => {
    const wanted = STATUSES.filter((one) => status === undefined || one === status);
    const types = Object.entries(EVENT_TYPE_CODES).filter(
      ([name]) => event === undefined || name === event,
    );
    const kinds: Kind[] = [];
    for (const row of webhooksOf.all(account)) {
      if (webhookId !== undefined && row['id'] !== webhookId) continue;
      const webhook = Number(row['key']);
      const tally = tallies.ofWebhook(account, webhook);
      const saved = wanted
        .filter((one) => tally[one] > 0)
        .flatMap((one) => savedAs(one, Boolean(row['isDeleted'])));
      for (const one of new Set(saved)) {
        for (const [, type] of types) kinds.push({ webhook, type, status: one });
      }
    }
    const range = { from: rowKey(account, 0) + 1, before: upperBound(account, after) };
    const hasStatus = status !== undefined;
    // Deliveries in flight are pending on disk.
    return newest(kinds, range, limit, (key, kind) =>
      hasStatus && kind.status === 'pending' ? !inFlight.has(key) : true,
    );
  };
};

export const createHistory = (
  db: DatabaseSync,
  rows: DeliveryRows,
  { inFlight, tallies }: { readonly inFlight: InFlight; readonly tallies: Tallies },
  readWithDeferred: ReadWithDeferred,
): History => {
  const oneEvent = db.prepare(
    'SELECT seq, id, type, created_at AS createdAt, body FROM event WHERE account = ? AND id = ?',
  );
  const selectEvents = (index: string, where: string) =>
    db.prepare(
      `SELECT seq, id, type, created_at AS createdAt, body FROM event ${index}
       WHERE seq >= :from AND seq < :before ${where} ORDER BY seq DESC LIMIT :limit`,
    );
  const allEvents = selectEvents('NOT INDEXED', '');
  const eventsOfType = selectEvents('INDEXED BY event_type', 'AND type = :event');
  const allDeliveries = db.prepare(
    `${SELECT_DELIVERY} WHERE d.seq >= ? AND d.seq < ? ORDER BY d.seq DESC LIMIT ?`,
  );
  const byKeys = db.prepare(
    `${SELECT_DELIVERY} WHERE d.seq IN (SELECT value FROM json_each(?)) ORDER BY d.seq DESC`,
  );
  const fewMatching = createFewMatching(db, rows, inFlight);
  const findByKind = createFindByKind(db, tallies, inFlight);

  return {
    listEvents: async (account, { event }, { limit, after }) => {
      const range = { from: rowKey(account, 0) + 1, before: upperBound(account, after), limit };
      const rows =
        event === undefined ? allEvents.all(range) : eventsOfType.all({ ...range, event });
      return rows as unknown as EventRow[];
    },
    getEvent: async (account, id) =>
      (oneEvent.get(account, id) as unknown as EventRow | undefined) ?? null,

    listDeliveries: async (account, filter, page) =>
      readWithDeferred(account, () => {
        const { status, event, eventId, webhookId } = filter;
        if (eventId !== undefined || status === 'in_flight') {
          return fewMatching(account, filter, page);
        }
        const isFiltered = status !== undefined || event !== undefined || webhookId !== undefined;
        const matching = isFiltered
          ? byKeys.all(JSON.stringify(findByKind(account, filter, page)))
          : allDeliveries.all(
              rowKey(account, 0) + 1,
              upperBound(account, page.after),
              page.limit,
            );
        return (matching as unknown as DeliveryRow[]).map(rows.toDelivery);
      }),
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

/**
 * Lists and lookups of events and deliveries. Reads only.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredEvent } from '../../domain/delivery.ts';
import { deliveryKey, rowKey } from '../../domain/delivery-id.ts';
import type { DeliveryFilter, EventRow, HistoryStore, ListedDelivery, Page } from '../store.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import { OF_EVENT, SELECT_DELIVERY, type DeliveryRow, type DeliveryRows } from './delivery-rows.ts';
import type { InFlight } from './in-flight.ts';
import type { Kind, Range } from './blocks.ts';
import type { Caches } from './caches.ts';
import { STATUSES, type SavedStatus } from './tallies.ts';
import { readText } from './text.ts';
import type { ReadWithDeferred } from './deferred-rows.ts';
import type { Partition } from './partitions.ts';

export type History = Pick<
  HistoryStore,
  'listEvents' | 'getEvent' | 'listDeliveries' | 'getDelivery'
>;

/** Exclusive upper bound of a page. It never passes the account's own rows, whatever a cursor says. */
const upperBound = (partition: Partition, after: number | undefined): number =>
  Math.min(after ?? Infinity, rowKey(partition + 1, 0));

/** Deliveries of one event, or those in flight: few, which are read and then filtered. */
const createFewMatching = (
  db: DatabaseSync,
  rows: DeliveryRows,
  inFlight: InFlight,
): ((partition: Partition, filter: DeliveryFilter, page: Page) => ListedDelivery[]) => {
  const select = (keys: string) =>
    db.prepare(`${SELECT_DELIVERY} WHERE d.seq IN (${keys}) AND d.seq < ? ORDER BY d.seq DESC`);
  const ofEvent = select(OF_EVENT);
  const ofKeys = select('SELECT value FROM json_each(?)');
  return (partition, filter, { limit, after }) => {
    const { status, event, eventId, webhookId } = filter;
    const before = upperBound(partition, after);
    const found: ListedDelivery[] = [];
    const range = eventId === undefined ? null : rows.ofEvent(partition, eventId);
    if (eventId !== undefined && range === null) return [];
    const matching =
      range === null
        ? ofKeys.iterate(JSON.stringify(inFlight.of(partition)), before)
        : ofEvent.iterate(...range, before);
    for (const row of matching as IterableIterator<unknown>) {
      const delivery = rows.toListed(row as DeliveryRow);
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

/** Lists deliveries by status, event type and webhook. */
const createMatching = (
  db: DatabaseSync,
  { toListed }: DeliveryRows,
  { tallies, blocks }: Caches,
): ((partition: Partition, filter: DeliveryFilter, page: Page) => ListedDelivery[]) => {
  const webhooksOf = db.prepare(
    'SELECT key, id, deleted_at IS NOT NULL AS isDeleted FROM webhook WHERE account = ?',
  );
  const inBlock = db.prepare(
    `${SELECT_DELIVERY} WHERE d.seq >= :from AND d.seq < :before
       AND (:status IS NULL OR d.status = :status OR (d.status = ${STATUS_CODES.pending} AND w.deleted_at IS NOT NULL))
       AND (:webhook IS NULL OR w.id = :webhook) AND (:event IS NULL OR e.type = :event) ORDER BY d.seq DESC`,
  );
  const kindsFor = (partition: Partition, { status, event, webhookId }: DeliveryFilter): Kind[] => {
    const wanted = STATUSES.filter((one) => status === undefined || one === status);
    const types = Object.entries(EVENT_TYPE_CODES).filter(
      ([name]) => event === undefined || name === event,
    );
    return webhooksOf.all(partition).flatMap((row) => {
      if (webhookId !== undefined && row['id'] !== webhookId) return [];
      const webhook = Number(row['key']);
      const tally = tallies.ofWebhook(partition, webhook);
      const saved = wanted
        .filter((one) => tally[one] > 0)
        .flatMap((one) => savedAs(one, Boolean(row['isDeleted'])));
      return [...new Set(saved)].flatMap((one) =>
        types.map(([, type]) => ({ webhook, type, status: one })),
      );
    });
  };
  return (partition, filter, { limit, after }) => {
    const { status, event, webhookId } = filter;
    const range = { from: rowKey(partition, 0) + 1, before: upperBound(partition, after) };
    const conditions = {
      status: status === undefined ? null : STATUS_CODES[status],
      event: event ?? null,
      webhook: webhookId ?? null,
    };
    const found: ListedDelivery[] = [];
    for (const block of blocks.ofDeliveries(kindsFor(partition, filter), range, 'newest')) {
      for (const row of inBlock.iterate({ ...block, ...conditions })) {
        // The status of the port differs from that on disk if the delivery is in flight or its webhook is deleted.
        const delivery = toListed(row as unknown as DeliveryRow);
        if (status !== undefined && delivery.status !== status) continue;
        if (found.push(delivery) === limit) return found;
      }
    }
    return found;
  };
};

export const createHistory = (
  db: DatabaseSync,
  rows: DeliveryRows,
  caches: Caches,
  readWithDeferred: ReadWithDeferred,
): History => {
  const { inFlight, blocks } = caches;
  const oneEvent = db.prepare(
    'SELECT seq, id, type, created_at AS createdAt, body FROM event WHERE account = ? AND id = ?',
  );
  const selectEvents = (where: string) =>
    db.prepare(
      `SELECT seq, id, type, created_at AS createdAt, body FROM event
       WHERE seq >= :from AND seq < :before ${where} ORDER BY seq DESC LIMIT :limit`,
    );
  const allEvents = selectEvents('');
  const ofType = selectEvents('AND type = :event');
  const eventsOfType = (
    partition: Partition,
    event: string,
    { limit, ...range }: Range & { readonly limit: number },
  ): EventRow[] => {
    const found: EventRow[] = [];
    const type = EVENT_TYPE_CODES[event as StoredEvent['type']];
    if (type === undefined) return found;
    for (const block of blocks.ofEvents(partition, type, range)) {
      const rows = ofType.all({ ...block, event, limit: limit - found.length });
      found.push(...(rows as unknown as EventRow[]));
      if (found.length >= limit) break;
    }
    return found;
  };
  const allDeliveries = db.prepare(
    `${SELECT_DELIVERY} WHERE d.seq >= ? AND d.seq < ? ORDER BY d.seq DESC LIMIT ?`,
  );
  const fewMatching = createFewMatching(db, rows, inFlight);
  const matching = createMatching(db, rows, caches);

  return {
    listEvents: async (partition, { event }, { limit, after }) => {
      const range = { from: rowKey(partition, 0) + 1, before: upperBound(partition, after), limit };
      if (event === undefined) return allEvents.all(range) as unknown as EventRow[];
      return eventsOfType(partition, event, range);
    },
    getEvent: async (partition, id) =>
      (oneEvent.get(partition, id) as unknown as EventRow | undefined) ?? null,

    listDeliveries: async (partition, filter, page) =>
      readWithDeferred(partition, () => {
        const { status, event, eventId, webhookId } = filter;
        if (eventId !== undefined || status === 'in_flight') {
          return fewMatching(partition, filter, page);
        }
        const isFiltered = status !== undefined || event !== undefined || webhookId !== undefined;
        if (isFiltered) return matching(partition, filter, page);
        const before = upperBound(partition, page.after);
        const found = allDeliveries.all(rowKey(partition, 0) + 1, before, page.limit);
        return (found as unknown as DeliveryRow[]).map(rows.toListed);
      }),
    getDelivery: async (partition, id) => {
      const key = deliveryKey(partition, id);
      const row = key === null ? null : readWithDeferred(partition, () => rows.one(key));
      if (row === null) return null;
      return {
        ...rows.toDelivery(row),
        body: row.body === null ? row.event_body : readText(row.body),
        attempts: readAttempts(row.attempts),
      };
    },
  };
};

/**
 * Inserts events and their deliveries: all of a call, or none.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { StoredEvent, WebhookKey } from '../../domain/delivery.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { NewDelivery, NewEvent, PublishResult, QueueStore } from '../store.ts';
import { bulkInsert } from './bulk-insert.ts';
import { createEmittedSaver } from './commands.ts';
import type { Blocks } from './blocks.ts';
import type { Caches } from './caches.ts';
import type { NextKeys } from './counters.ts';
import { createCompleteMark } from './deferred-rows.ts';
import type { Flight } from './in-flight.ts';
import { joinNextTransaction } from './transaction.ts';
import type { Partition } from './partitions.ts';

/** SQLITE_CONSTRAINT_UNIQUE */
const UNIQUE_VIOLATION = 2067;

const EVENT_COLUMNS = [
  'seq',
  'account',
  'id',
  'type',
  'created_at',
  'body',
  'first_delivery',
  'deliveries',
  'taken',
] as const;

/** Whether the delivery's row is deferred. It is rebuilt from the event alone, so its due time must be the event's. */
const isDeferred = ({ createdAt }: StoredEvent, { claimed, dueAt }: NewDelivery): boolean =>
  claimed && dueAt === createdAt;

/** Value of the event's column `taken`, which names deliveries with deferred rows: see `schema.ts`. */
const takenColumn = (
  event: StoredEvent,
  planned: readonly NewDelivery[],
): number | string | null => {
  const marks = planned.map((one) => (isDeferred(event, one) ? one.webhook : 0));
  if (!marks.some((mark) => mark !== 0)) return null;
  return marks.length === 1 ? (marks[0] ?? null) : JSON.stringify(marks);
};

/** Rows to insert for one call. */
interface Rows {
  /** Values of all events, row by row. */
  readonly events: SQLInputValue[];
  /** Values of the deliveries whose rows are not deferred. */
  readonly deliveries: SQLInputValue[][];
  /** Number of deliveries by webhook. */
  readonly perWebhook: Map<WebhookKey, number>;
  readonly keys: number[];
  /** Key of the last event. */
  lastEvent: number;
  readonly flights: (readonly [delivery: number, flight: Flight])[];
}

/** Builds the rows, takes their keys from `next`, and notes them in `blocks`. */
const rowsOf = (
  partition: Partition,
  events: readonly NewEvent[],
  next: NextKeys,
  blocks: Blocks,
): Rows => {
  const rows: Rows = {
    events: [],
    deliveries: [],
    perWebhook: new Map(),
    keys: [],
    lastEvent: 0,
    flights: [],
  };
  const { perWebhook } = rows;
  for (const { event, deliveries } of events) {
    const { id, type, createdAt, body } = event;
    const row = next.event++;
    rows.lastEvent = row;
    const first = next.delivery;
    const mark = takenColumn(event, deliveries);
    const code = EVENT_TYPE_CODES[type];
    blocks.addEvent(row, code);
    rows.events.push(row, partition, id, type, createdAt, body, first, deliveries.length, mark);
    for (const delivery of deliveries) {
      const key = next.delivery++;
      const { webhook, dueAt } = delivery;
      rows.keys.push(key);
      perWebhook.set(webhook, (perWebhook.get(webhook) ?? 0) + 1);
      const deferred = isDeferred(event, delivery);
      if (!deferred) {
        rows.deliveries.push([key, row, webhook, createdAt, dueAt]);
        blocks.add(key, { webhook, type: code, status: 'pending' });
      }
      const deferredRow = deferred ? { event: row, createdAt } : null;
      if (delivery.claimed) {
        rows.flights.push([key, { partition, webhook, type: code, deferred: deferredRow }]);
      }
    }
  }
  return rows;
};

export const createPublish = (
  db: DatabaseSync,
  { inFlight, tallies, blocks, counters }: Caches,
): QueueStore['publish'] => {
  const markComplete = createCompleteMark(inFlight, tallies);
  const saveEmitted = createEmittedSaver(db);
  const insertEvents = bulkInsert(db, 'event', EVENT_COLUMNS);
  const insertDelivery = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at) VALUES (?, ?, ?, ${STATUS_CODES.pending}, 0, ?, ?)`,
  );
  const find = db.prepare('SELECT 1 FROM event WHERE account = ? AND id = ?');

  /** The first id that exists already or occurs twice in `events`. */
  const firstDuplicate = (
    partition: Partition,
    events: readonly NewEvent[],
  ): string | undefined => {
    const ids = events.map(({ event }) => event.id);
    return ids.find(
      (id, index) => ids.indexOf(id) < index || find.get(partition, id) !== undefined,
    );
  };

  return async (partition, events, emitted): Promise<PublishResult> => {
    const next = counters.of(partition);
    let before = { ...next };
    try {
      return await joinNextTransaction<PublishResult, Rows>(db, {
        run: () => {
          before = { ...next };
          const rows = rowsOf(partition, events, next, blocks);
          insertEvents(rows.events);
          for (const values of rows.deliveries) insertDelivery.run(...values);
          tallies.addEvents(partition, events.length);
          for (const [webhook, count] of rows.perWebhook) {
            tallies.move(partition, webhook, null, 'pending', count);
          }
          if (emitted !== undefined) saveEmitted(partition, emitted);
          return rows;
        },
        undo: () => {
          Object.assign(next, before);
        },
        committed: ({ keys, lastEvent, flights }) => {
          for (const [key, flight] of flights) inFlight.add(key, flight);
          markComplete(partition, lastEvent);
          return { duplicateId: null, deliveries: keys };
        },
      });
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== UNIQUE_VIOLATION) throw error;
      const duplicateId = firstDuplicate(partition, events);
      if (duplicateId === undefined) throw error;
      return { duplicateId };
    }
  };
};

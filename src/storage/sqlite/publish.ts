/**
 * Events and their deliveries become rows, all of a call or none.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { AccountKey, StoredEvent } from '../../domain/delivery.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { NewDelivery, NewEvent, PublishResult, QueueStore } from '../store.ts';
import { bulkInsert } from './bulk-insert.ts';
import { emittedSaver } from './commands.ts';
import type { Counters, Numbers } from './counters.ts';
import type { Flight, InFlight } from './in-flight.ts';
import type { Tallies } from './tallies.ts';
import { inNextTransaction } from './transaction.ts';

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

/** A row that comes later is made from the event alone, so one that is due at another time comes at once. */
const waitsForRow = ({ createdAt }: StoredEvent, { claimed, dueAt }: NewDelivery): boolean =>
  claimed && dueAt === createdAt;

/** What an event's row says of deliveries that get theirs later; see `schema.ts`. */
const takenOf = (event: StoredEvent, planned: readonly NewDelivery[]): number | string | null => {
  const marks = planned.map((one) => (waitsForRow(event, one) ? one.webhook : 0));
  if (!marks.some((mark) => mark !== 0)) return null;
  return marks.length === 1 ? (marks[0] ?? null) : JSON.stringify(marks);
};

/** What one call writes. */
interface Rows {
  /** Values of all events, one row after the other. */
  readonly events: SQLInputValue[];
  /** Values of the deliveries that get their row at once. */
  readonly deliveries: SQLInputValue[][];
  readonly keys: number[];
  readonly flights: (readonly [delivery: number, flight: Flight])[];
}

/** Takes its keys from `numbers`. */
const rowsOf = (account: AccountKey, events: readonly NewEvent[], numbers: Numbers): Rows => {
  const rows: Rows = { events: [], deliveries: [], keys: [], flights: [] };
  for (const { event, deliveries } of events) {
    const { id, type, createdAt, body } = event;
    const row = numbers.event++;
    const first = numbers.delivery;
    const mark = takenOf(event, deliveries);
    rows.events.push(row, account, id, type, createdAt, body, first, deliveries.length, mark);
    for (const delivery of deliveries) {
      const key = numbers.delivery++;
      const { webhook, dueAt } = delivery;
      rows.keys.push(key);
      const later = waitsForRow(event, delivery);
      if (!later) rows.deliveries.push([key, row, webhook, createdAt, dueAt]);
      const unwritten = later ? { event: row, createdAt } : null;
      if (delivery.claimed) rows.flights.push([key, { account, webhook, unwritten }]);
    }
  }
  return rows;
};

export const createPublish = (
  db: DatabaseSync,
  inFlight: InFlight,
  tallies: Tallies,
  counters: Counters,
): QueueStore['publish'] => {
  const saveEmitted = emittedSaver(db);
  const insertEvents = bulkInsert(db, 'event', EVENT_COLUMNS);
  const insertDelivery = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at) VALUES (?, ?, ?, ${STATUS_CODES.pending}, 0, ?, ?)`,
  );
  const find = db.prepare('SELECT 1 FROM event WHERE account = ? AND id = ?');

  /** The first id that is there already, or twice among these. */
  const firstDuplicate = (account: AccountKey, events: readonly NewEvent[]): string | undefined => {
    const ids = events.map(({ event }) => event.id);
    return ids.find((id, index) => ids.indexOf(id) < index || find.get(account, id) !== undefined);
  };

  return async (account, events, emitted): Promise<PublishResult> => {
    const numbers = counters.of(account);
    let before = { ...numbers };
    try {
      return await inNextTransaction<PublishResult, Rows>(db, {
        run: () => {
          before = { ...numbers };
          const rows = rowsOf(account, events, numbers);
          insertEvents(rows.events);
          for (const values of rows.deliveries) insertDelivery.run(...values);
          if (emitted !== undefined) saveEmitted(account, emitted);
          return rows;
        },
        undo: () => {
          Object.assign(numbers, before);
        },
        kept: ({ keys, flights }) => {
          const tally = tallies.known(account);
          if (tally !== null) {
            tally.events += events.length;
            tally.pending += keys.length;
          }
          for (const [key, flight] of flights) inFlight.add(key, flight);
          return { duplicateId: null, deliveries: keys };
        },
      });
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== UNIQUE_VIOLATION) throw error;
      const duplicateId = firstDuplicate(account, events);
      if (duplicateId === undefined) throw error;
      return { duplicateId };
    }
  };
};

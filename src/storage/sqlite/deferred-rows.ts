/**
 * Deferred rows of deliveries. A delivery that is claimed when its event is published gets its row with its first attempt,
 * which saves one of two statements for most deliveries. Until then, the event's row names it (column `taken`). Code that
 * reads deliveries must insert the deferred rows first.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredEvent } from '../../domain/delivery.ts';
import { ROW_NUMBERS, rowKey } from '../../domain/delivery-id.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { Blocks } from './blocks.ts';
import type { Caches } from './caches.ts';
import type { Flight, InFlight } from './in-flight.ts';
import { isMediumFailure } from './medium-failure.ts';
import type { Tallies } from './tallies.ts';
import { inRolledBackTransaction, transaction } from './transaction.ts';
import type { Partition } from './partitions.ts';

/** Inserts the deferred rows of an account. */
export type InsertDeferred = (partition: Partition) => void;

/**
 * Runs `read` with all rows of an account in place. If the medium cannot be written, the deferred rows are inserted for this
 * read only and rolled back. `read` must not write, and must be synchronous.
 */
export type ReadWithDeferred = <T>(partition: Partition, read: () => T) => T;

export const createDeferredRows = (
  db: DatabaseSync,
  { inFlight, blocks }: Pick<Caches, 'inFlight' | 'blocks'>,
): { readonly insertDeferred: InsertDeferred; readonly readWithDeferred: ReadWithDeferred } => {
  const insert = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at)
     VALUES (?1, ?2, ?3, ${STATUS_CODES.pending}, 0, ?4, ?4)`,
  );
  const deferredOf = (partition: Partition): { readonly key: number; readonly flight: Flight }[] =>
    inFlight.of(partition).flatMap((key) => {
      const flight = inFlight.get(key);
      return flight === undefined || flight.deferred === null ? [] : [{ key, flight }];
    });
  /** @returns the deliveries whose rows were inserted */
  const insertAll = (partition: Partition): readonly Flight[] =>
    deferredOf(partition).map(({ key, flight }) => {
      const { deferred, webhook, type } = flight;
      if (deferred !== null) insert.run(key, deferred.event, webhook, deferred.createdAt);
      blocks.add(key, { webhook, type, status: 'pending' });
      return flight;
    });
  const insertDeferred = (partition: Partition): void => {
    if (deferredOf(partition).length === 0) return;
    // The transaction is preceded by waiting calls, which may add deliveries.
    for (const flight of transaction(db, () => insertAll(partition))) flight.deferred = null;
  };
  return {
    insertDeferred,
    readWithDeferred: (partition, read) => {
      try {
        insertDeferred(partition);
      } catch (error) {
        if (!isMediumFailure(error)) throw error;
        return inRolledBackTransaction(db, () => {
          insertAll(partition);
          blocks.write();
          return read();
        });
      }
      return read();
    },
  };
};

const INSERT =
  'INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at)';

/** Events that may have deliveries without a row. CROSS JOIN keeps the order of the tables. */
const RECENT_EVENTS = `event_tally t CROSS JOIN event e
  ON e.seq > max(t.complete_to, t.account * ${ROW_NUMBERS}) AND e.seq < (t.account + 1) * ${ROW_NUMBERS}`;

const RETURNING = `RETURNING seq, webhook, (SELECT type FROM event WHERE event.seq = delivery.event) AS type`;

/**
 * Inserts a row for every delivery that an event names and that has none, in the transaction that is open. For recovery
 * after a crash.
 *
 * @returns how many
 */
export const insertMissingRows = (db: DatabaseSync, blocks: Pick<Blocks, 'add'>): number => {
  const only = db
    .prepare(
      `${INSERT} SELECT e.first_delivery, e.seq, e.taken, ${STATUS_CODES.pending}, 0, e.created_at, e.created_at
       FROM ${RECENT_EVENTS} WHERE e.taken IS NOT NULL AND typeof(e.taken) <> 'text'
         AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.seq = e.first_delivery) ${RETURNING}`,
    )
    .all();
  const several = db
    .prepare(
      `${INSERT} SELECT e.first_delivery + j.key, e.seq, j.value, ${STATUS_CODES.pending}, 0, e.created_at, e.created_at
       FROM ${RECENT_EVENTS} CROSS JOIN json_each(e.taken) j WHERE typeof(e.taken) = 'text' AND j.value <> 0
         AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.seq = e.first_delivery + j.key) ${RETURNING}`,
    )
    .all();
  const inserted = [...only, ...several];
  for (const row of inserted) {
    const type = EVENT_TYPE_CODES[String(row['type']) as StoredEvent['type']];
    blocks.add(Number(row['seq']), { webhook: Number(row['webhook']), type, status: 'pending' });
  }
  return inserted.length;
};

/** Number of events after which to note again up to which all rows exist. A start reads that many events. */
const EVENTS_PER_MARK = 1024;

/** Notes up to which event all rows exist. To be called once an account's events up to `last` are committed. */
export const createCompleteMark =
  (inFlight: InFlight, tallies: Tallies): ((partition: Partition, last: number) => void) =>
  (partition, last) => {
    if (last - Math.max(tallies.completeTo(partition), rowKey(partition, 0)) < EVENTS_PER_MARK)
      return;
    const missing = inFlight
      .of(partition)
      .map((key) => inFlight.get(key)?.deferred?.event ?? Infinity)
      .reduce((least, event) => Math.min(least, event), Infinity);
    tallies.markComplete(partition, Math.min(last, missing - 1));
  };

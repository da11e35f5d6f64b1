/**
 * Deferred rows of deliveries. A delivery that is claimed when its event is published gets its row with its first attempt,
 * which saves one of two statements for most deliveries. Until then, the event's row names it (column `taken`). Code that
 * reads deliveries must insert the deferred rows first.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { Flight, InFlight } from './in-flight.ts';
import { isMediumFailure } from './medium-failure.ts';
import { inRolledBackTransaction, transaction } from './transaction.ts';

/** Inserts the deferred rows of an account. */
export type InsertDeferred = (account: AccountKey) => void;

/**
 * Runs `read` with all rows of an account in place. If the medium cannot be written, the deferred rows are inserted for this
 * read only and rolled back. `read` must not write, and must be synchronous.
 */
export type ReadWithDeferred = <T>(account: AccountKey, read: () => T) => T;

export const createDeferredRows = (
  db: DatabaseSync,
  inFlight: InFlight,
): { readonly insertDeferred: InsertDeferred; readonly readWithDeferred: ReadWithDeferred } => {
  const insert = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at)
     VALUES (?1, ?2, ?3, ${STATUS_CODES.pending}, 0, ?4, ?4)`,
  );
  const deferredOf = (account: AccountKey): { readonly key: number; readonly flight: Flight }[] =>
    inFlight.of(account).flatMap((key) => {
      const flight = inFlight.get(key);
      return flight === undefined || flight.deferred === null ? [] : [{ key, flight }];
    });
  /** @returns the deliveries whose rows were inserted */
  const insertAll = (account: AccountKey): readonly Flight[] =>
    deferredOf(account).map(({ key, flight }) => {
      const { deferred, webhook } = flight;
      if (deferred !== null) insert.run(key, deferred.event, webhook, deferred.createdAt);
      return flight;
    });
  const insertDeferred = (account: AccountKey): void => {
    if (deferredOf(account).length === 0) return;
    // The transaction is preceded by waiting calls, which may add deliveries.
    for (const flight of transaction(db, () => insertAll(account))) flight.deferred = null;
  };
  return {
    insertDeferred,
    readWithDeferred: (account, read) => {
      try {
        insertDeferred(account);
      } catch (error) {
        if (!isMediumFailure(error)) throw error;
        return inRolledBackTransaction(db, () => {
          insertAll(account);
          return read();
        });
      }
      return read();
    },
  };
};

const INSERT =
  'INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at)';

/** Inserts a row for every delivery that an event names and that has none. For recovery after a crash. @returns how many */
export const insertMissingRows = (db: DatabaseSync): number => {
  const only = db
    .prepare(
      `${INSERT} SELECT first_delivery, seq, taken, ${STATUS_CODES.pending}, 0, created_at, created_at
       FROM event e WHERE taken IS NOT NULL AND typeof(taken) <> 'text'
         AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.seq = e.first_delivery)`,
    )
    .run();
  const several = db
    .prepare(
      `${INSERT} SELECT e.first_delivery + j.key, e.seq, j.value, ${STATUS_CODES.pending}, 0, e.created_at, e.created_at
       FROM event e, json_each(e.taken) j WHERE typeof(e.taken) = 'text' AND j.value <> 0
         AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.seq = e.first_delivery + j.key)`,
    )
    .run();
  return Number(only.changes) + Number(several.changes);
};

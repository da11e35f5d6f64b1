/**
 * Deliveries that are taken as their event is published get their row with their first attempt: one statement in place
 * of two for most of them. Until then the event's row says that they are there. Whoever is about to read deliveries
 * has them written first.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { Flight, InFlight } from './in-flight.ts';
import { isMediumFailure } from './medium-failure.ts';
import { rolledBack, transaction } from './transaction.ts';

/** Gives rows to those of an account that have none. */
export type WriteDown = (account: AccountKey) => void;

/**
 * Reads with a row for each of them, also while nothing can be written: then the rows are there for this read only.
 * `read` must not write, and ends before it returns.
 */
export type ReadWhole = <T>(account: AccountKey, read: () => T) => T;

export const createWriteDown = (
  db: DatabaseSync,
  inFlight: InFlight,
): { readonly writeDown: WriteDown; readonly readWhole: ReadWhole } => {
  const insert = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at)
     VALUES (?1, ?2, ?3, ${STATUS_CODES.pending}, 0, ?4, ?4)`,
  );
  const missingOf = (account: AccountKey): { readonly key: number; readonly flight: Flight }[] =>
    inFlight.of(account).flatMap((key) => {
      const flight = inFlight.get(key);
      return flight === undefined || flight.unwritten === null ? [] : [{ key, flight }];
    });
  const insertMissing = (account: AccountKey): void => {
    for (const { key, flight } of missingOf(account)) {
      const { unwritten, webhook } = flight;
      if (unwritten !== null) insert.run(key, unwritten.event, webhook, unwritten.createdAt);
    }
  };
  const writeDown = (account: AccountKey): void => {
    const missing = missingOf(account);
    if (missing.length === 0) return;
    transaction(db, () => insertMissing(account));
    for (const { flight } of missing) flight.unwritten = null;
  };
  return {
    writeDown,
    readWhole: (account, read) => {
      try {
        writeDown(account);
      } catch (error) {
        if (!isMediumFailure(error)) throw error;
        return rolledBack(db, () => {
          insertMissing(account);
          return read();
        });
      }
      return read();
    },
  };
};

const INSERT =
  'INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at)';

/** After a crash: gives a row to every delivery that an event speaks of and that has none. @returns how many */
export const writeMissing = (db: DatabaseSync): number => {
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

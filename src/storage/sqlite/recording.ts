/**
 * Records attempts. All records of a call share one transaction; if one of them violates a constraint, each gets a
 * transaction of its own, so that it does not block the others.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { afterRecord, type DeliveryUpdate } from '../../domain/delivery-transitions.ts';
import { writeAttempt } from '../rows/attempt-record.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { AttemptRecord, QueueStore } from '../store.ts';
import { bulkInsert } from './bulk-insert.ts';
import type { Flight } from './in-flight.ts';
import { isConstraintViolation } from './result-codes.ts';
import type { Caches } from './caches.ts';
import type { SavedStatus } from './tallies.ts';
import { transactionWithWaiting } from './transaction.ts';

const COLUMNS = [
  'seq',
  'event',
  'webhook',
  'status',
  'attempts_made',
  'created_at',
  'due_at',
  'settled_at',
  'attempts',
] as const;

/**
 * Writes a record in the transaction that is open.
 *
 * @param newRows receives the values of a row to insert, if the delivery's row was deferred
 * @returns false if the record does not match its delivery
 */
type WriteRecord = (
  record: AttemptRecord,
  update: DeliveryUpdate,
  flight: Flight,
  newRows: SQLInputValue[],
) => boolean;

const createWriteRecord = (db: DatabaseSync): WriteRecord => {
  const updateRow = db.prepare(
    `UPDATE delivery SET status = ?1, attempts_made = ?2, due_at = ?3, settled_at = ?4,
       attempts = coalesce(attempts || ',', '') || ?5 WHERE seq = ?6 AND attempts_made = ?2 - 1`,
  );
  return ({ delivery, attempt }, { status, dueAt, settledAt }, { webhook, deferred }, newRows) => {
    const code = STATUS_CODES[status];
    const { number } = attempt;
    const text = writeAttempt(attempt, dueAt);
    if (deferred === null)
      return updateRow.run(code, number, dueAt, settledAt, text, delivery).changes > 0;
    if (number !== 1) return false;
    const { event, createdAt } = deferred;
    newRows.push(delivery, event, webhook, code, number, createdAt, dueAt, settledAt, text);
    return true;
  };
};

export const createRecording = (
  db: DatabaseSync,
  { inFlight, tallies, blocks }: Caches,
): QueueStore['recordAttempts'] => {
  const writeRecord = createWriteRecord(db);
  const insertRows = bulkInsert(db, 'delivery', COLUMNS);

  /** Updates what is counted, in the transaction that is open. */
  const noteAttempted = (delivery: number, flight: Flight, status: SavedStatus): void => {
    const { partition, webhook, type, deferred } = flight;
    if (status !== 'pending') tallies.move(partition, webhook, 'pending', status);
    if (deferred !== null) blocks.add(delivery, { webhook, type, status });
    else if (status !== 'pending')
      blocks.move(delivery, { webhook, type, status: 'pending' }, status);
  };

  /** Writes all records in one transaction. @returns the refused records */
  const writeAll = (records: readonly AttemptRecord[]): AttemptRecord[] => {
    // By delivery: a second record for the same one is refused, although it is in flight until the commit.
    const written = new Set<number>();
    const refused: AttemptRecord[] = [];
    transactionWithWaiting(db, () => {
      const newRows: SQLInputValue[] = [];
      for (const record of records) {
        const { delivery, status, attempt } = record;
        const flight = inFlight.get(delivery);
        if (flight === undefined || written.has(delivery)) {
          refused.push(record);
          continue;
        }
        const isDeleted = inFlight.webhookDeletedAt(flight.webhook) !== undefined;
        const update = afterRecord(status, attempt, isDeleted);
        if (!writeRecord(record, update, flight, newRows)) {
          refused.push(record);
          continue;
        }
        written.add(delivery);
        noteAttempted(delivery, flight, update.status);
      }
      insertRows(newRows);
    });
    for (const delivery of written) inFlight.remove(delivery);
    return refused;
  };

  const writeOne = (record: AttemptRecord): readonly AttemptRecord[] => {
    try {
      return writeAll([record]);
    } catch (error) {
      if (isConstraintViolation(error)) return [record];
      throw error;
    }
  };

  return async (records) => {
    try {
      return writeAll(records);
    } catch (error) {
      if (!isConstraintViolation(error)) throw error;
      return records.length === 1 ? records : records.flatMap(writeOne);
    }
  };
};

/**
 * Stored responses to requests with an `Idempotency-Key`.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { IdempotencyStore, ResponseToStore, StoredResponse } from '../store.ts';
import type { Partition } from './partitions.ts';

export const createResponses = (db: DatabaseSync): IdempotencyStore => {
  const find = db.prepare(
    'SELECT request_hash AS requestHash, status, body FROM answer WHERE account = ? AND key = ? AND remembered_at >= ?',
  );
  return {
    findResponse: async (partition, key, notBefore) =>
      (find.get(partition, key, notBefore) as unknown as StoredResponse | undefined) ?? null,
  };
};

/** @returns a function that stores a response in the transaction that is open, and removes the oldest ones */
export const createResponseSaver = (
  db: DatabaseSync,
): ((partition: Partition, response: ResponseToStore) => void) => {
  const insert = db.prepare('INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?)');
  const prune = db.prepare(
    `DELETE FROM answer WHERE account = :account AND key NOT IN
       (SELECT key FROM answer WHERE account = :account ORDER BY remembered_at DESC LIMIT :maxResponses)`,
  );
  return (partition, { key, response: { requestHash, status, body }, storedAt, maxResponses }) => {
    insert.run(partition, key, requestHash, status, body, storedAt);
    prune.run({ account: partition, maxResponses });
  };
};

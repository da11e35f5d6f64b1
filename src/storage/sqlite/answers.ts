/**
 * Answers remembered under their request's `Idempotency-Key`.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import type { AnswerToKeep, IdempotencyStore, StoredAnswer } from '../store.ts';

export const createAnswers = (db: DatabaseSync): IdempotencyStore => {
  const recall = db.prepare(
    'SELECT request_hash AS requestHash, status, body FROM answer WHERE account = ? AND key = ? AND remembered_at >= ?',
  );
  return {
    recall: async (account, key, notBefore) =>
      (recall.get(account, key, notBefore) as unknown as StoredAnswer | undefined) ?? null,
  };
};

/** @returns what keeps an answer in whatever transaction is open */
export const answerKeeper = (
  db: DatabaseSync,
): ((account: AccountKey, answer: AnswerToKeep) => void) => {
  const insert = db.prepare('INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?)');
  const prune = db.prepare(
    `DELETE FROM answer WHERE account = :account AND key NOT IN
       (SELECT key FROM answer WHERE account = :account ORDER BY remembered_at DESC LIMIT :keep)`,
  );
  return (account, { key, answer: { requestHash, status, body }, wallNow, keep }) => {
    insert.run(account, key, requestHash, status, body, wallNow);
    prune.run({ account, keep });
  };
};

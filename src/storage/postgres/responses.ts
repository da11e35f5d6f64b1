/**
 * Stored responses to requests with an `Idempotency-Key`.
 *
 * @module
 */
import type { IdempotencyStore, ResponseToStore, StoredResponse } from '../store.ts';
import type { Context } from './context.ts';
import { first, run, statement, type Session } from '../../postgres/session.ts';

const FIND = statement(
  `SELECT request_hash AS "requestHash", status, body FROM answer
   WHERE part = $1 AND key = $2 AND remembered_at >= $3`,
);
const SAVE = statement(
  `INSERT INTO answer (part, key, request_hash, status, body, remembered_at) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (part, key) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status,
     body = excluded.body, remembered_at = excluded.remembered_at`,
);
const PRUNE = statement(
  `DELETE FROM answer WHERE part = $1 AND key NOT IN
     (SELECT key FROM answer WHERE part = $1 ORDER BY remembered_at DESC LIMIT $2)`,
);

export const createResponses = ({ reader, view }: Context): IdempotencyStore => ({
  findResponse: async (account, key, notBefore) => {
    const { part } = await view(account);
    const values = [part, key, notBefore];
    return (await first<StoredResponse & Record<string, unknown>>(reader, FIND, values)) ?? null;
  },
});

/** Stores a response in the transaction that is open, and removes the oldest ones. */
export const saveResponse = async (
  session: Session,
  part: number,
  { key, response: { requestHash, status, body }, storedAt, maxResponses }: ResponseToStore,
): Promise<void> => {
  await run(session, SAVE, [part, key, requestHash, status, body, storedAt]);
  await run(session, PRUNE, [part, maxResponses]);
};

/**
 * Creates redeliveries.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { deliveryId, deliveryKey } from '../../domain/delivery-id.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { QueueStore } from '../store.ts';
import type { Counters } from './counters.ts';
import type { InsertDeferred } from './deferred-rows.ts';
import type { History } from './history.ts';
import type { Tallies } from './tallies.ts';
import { transaction } from './transaction.ts';

export const createRedeliver = (
  db: DatabaseSync,
  { tallies, counters }: { readonly tallies: Tallies; readonly counters: Counters },
  insertDeferred: InsertDeferred,
  { getDelivery }: Pick<History, 'getDelivery'>,
): QueueStore['redeliver'] => {
  const insert = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at, redelivery_of, signature, body, type)
     SELECT :seq, event, webhook, ${STATUS_CODES.pending}, 0, :dueAt, :dueAt, seq, :signature, coalesce(:body, body), type
     FROM delivery WHERE seq = :of
       AND EXISTS (SELECT 1 FROM webhook WHERE key = webhook AND deleted_at IS NULL)
     RETURNING webhook`,
  );
  return async (account, { of, body, signature, dueAt }) => {
    const key = deliveryKey(account, of);
    if (key === null) return null;
    insertDeferred(account);
    const next = counters.of(account);
    let seq = 0;
    const isCreated = transaction(db, () => {
      // Read in the transaction, because waiting calls that precede it may take numbers.
      seq = next.delivery;
      const row = insert.get({ seq, of: key, dueAt, signature, body });
      if (row === undefined) return false;
      tallies.move(account, Number(row['webhook']), null, 'pending');
      return true;
    });
    if (!isCreated) return null;
    next.delivery += 1;
    return getDelivery(account, deliveryId(seq));
  };
};

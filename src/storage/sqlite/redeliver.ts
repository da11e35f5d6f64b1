/**
 * Creates redeliveries.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { StoredEvent } from '../../domain/delivery.ts';
import { deliveryId, deliveryKey } from '../../domain/delivery-id.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { QueueStore } from '../store.ts';
import type { Caches } from './caches.ts';
import type { InsertDeferred } from './deferred-rows.ts';
import type { History } from './history.ts';
import { transaction } from './transaction.ts';

export const createRedeliver = (
  db: DatabaseSync,
  { tallies, blocks, counters }: Caches,
  insertDeferred: InsertDeferred,
  { getDelivery }: Pick<History, 'getDelivery'>,
): QueueStore['redeliver'] => {
  const insert = db.prepare(
    `INSERT INTO delivery (seq, event, webhook, status, attempts_made, created_at, due_at, redelivery_of, signature, body)
     SELECT :seq, event, webhook, ${STATUS_CODES.pending}, 0, :dueAt, :dueAt, seq, :signature, coalesce(:body, body)
     FROM delivery WHERE seq = :of
       AND EXISTS (SELECT 1 FROM webhook WHERE key = webhook AND deleted_at IS NULL)
     RETURNING webhook, (SELECT type FROM event WHERE event.seq = delivery.event) AS type`,
  );
  return async (partition, { of, body, signature, dueAt }) => {
    const key = deliveryKey(partition, of);
    if (key === null) return null;
    insertDeferred(partition);
    const next = counters.of(partition);
    let seq = 0;
    const isCreated = transaction(db, () => {
      // Read in the transaction, because waiting calls that precede it may take numbers.
      seq = next.delivery;
      const row = insert.get({ seq, of: key, dueAt, signature, body });
      if (row === undefined) return false;
      const webhook = Number(row['webhook']);
      const type = EVENT_TYPE_CODES[String(row['type']) as StoredEvent['type']];
      tallies.move(partition, webhook, null, 'pending');
      blocks.add(seq, { webhook, type, status: 'pending' });
      return true;
    });
    if (!isCreated) return null;
    next.delivery += 1;
    return getDelivery(partition, deliveryId(seq));
  };
};

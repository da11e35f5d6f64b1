/**
 * Dead letters, by event. A deleted webhook has none.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { rowKey } from '../../domain/delivery-id.ts';
import type { DeadLetter, HistoryStore } from '../store.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { OF_EVENT, type DeliveryRows } from './delivery-rows.ts';
import type { Partition } from './partitions.ts';
import { transaction } from './transaction.ts';
import type { Caches } from './caches.ts';

type DeadLetterPart = Pick<HistoryStore, 'listDeadLetters' | 'getDeadLetter' | 'acknowledge'>;

export const createDeadLetters = (
  db: DatabaseSync,
  rows: DeliveryRows,
  { tallies, blocks }: Caches,
): DeadLetterPart => {
  const liveWebhook = db.prepare(
    'SELECT 1 FROM webhook WHERE key = ? AND account = ? AND deleted_at IS NULL',
  );
  const list = db.prepare(
    `SELECT max(seq) AS newest FROM delivery INDEXED BY delivery_dead
     WHERE webhook = ? AND status = ${STATUS_CODES.dead} AND event > ? GROUP BY event ORDER BY event LIMIT ?`,
  );
  const newestOf = db.prepare(
    `SELECT max(seq) AS newest FROM delivery
     WHERE seq IN (${OF_EVENT}) AND +webhook = ? AND +status IN (${STATUS_CODES.dead}, ${STATUS_CODES.acknowledged})`,
  );
  const acknowledgeEvent = db.prepare(
    `UPDATE delivery INDEXED BY delivery_dead SET status = ${STATUS_CODES.acknowledged}, acknowledged_at = ?
     WHERE webhook = ? AND status = ${STATUS_CODES.dead} AND event = ? RETURNING seq`,
  );

  const toDeadLetter = (seq: number | null): DeadLetter | null => {
    const row = seq === null ? null : rows.one(seq);
    if (row === null) return null;
    return {
      seq: row.event,
      event: {
        id: row.event_id,
        type: row.event_type,
        createdAt: row.event_created_at,
        body: row.event_body,
      },
      delivery: rows.toDelivery(row),
    };
  };

  const isLive = (webhook: number, partition: Partition): boolean =>
    liveWebhook.get(webhook, partition) !== undefined;

  const find = (partition: Partition, webhook: number, eventId: string): DeadLetter | null => {
    const range = isLive(webhook, partition) ? rows.ofEvent(partition, eventId) : null;
    if (range === null) return null;
    const { newest } = newestOf.get(...range, webhook) as unknown as { newest: number | null };
    return toDeadLetter(newest);
  };

  return {
    listDeadLetters: async (partition, webhook, { limit, after }) => {
      if (!isLive(webhook, partition)) return [];
      const from = Math.max(after ?? 0, rowKey(partition, 0));
      const newest = list.all(webhook, from, limit) as unknown as { newest: number }[];
      return newest.flatMap((row) => toDeadLetter(row.newest) ?? []);
    },
    getDeadLetter: async (partition, webhook, eventId) => find(partition, webhook, eventId),
    acknowledge: async (partition, webhook, eventId, now) =>
      transaction(db, () => {
        const letter = find(partition, webhook, eventId);
        if (letter === null) return null;
        const changed = acknowledgeEvent.all(now, webhook, letter.seq);
        const kind = {
          webhook,
          type: EVENT_TYPE_CODES[letter.event.type],
          status: 'dead',
        } as const;
        for (const row of changed) blocks.move(Number(row['seq']), kind, 'acknowledged');
        tallies.move(partition, webhook, 'dead', 'acknowledged', changed.length);
        return find(partition, webhook, eventId);
      }),
  };
};

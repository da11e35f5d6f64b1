/**
 * Deleted webhooks. Their pending deliveries are cancelled without being written: a row that is pending while its webhook
 * is deleted, and that is not in flight, is read as cancelled at the time of the deletion. Deleting a webhook therefore
 * takes as long for a million deliveries as for one, and a crash cannot interrupt it.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Millis, WebhookKey } from '../../domain/delivery.ts';
import { deliveryId, rowKey } from '../../domain/delivery-id.ts';
import { nextTurn } from '../../domain/event-loop.ts';
import { STATUS_CODES } from '../rows/status.ts';
import { everyTypeOf } from './blocks.ts';
import type { Caches } from './caches.ts';
import { isHidden } from './hidden-accounts.ts';
import { transaction } from './transaction.ts';
import type { Partition } from './partitions.ts';

/** Counts what was in flight when the process was killed as cancelled, if its webhook was deleted. */
export const CANCEL_IN_FLIGHT = `
  UPDATE delivery_tally SET cancelled = cancelled + pending, pending = 0
  WHERE pending > 0 AND webhook IN (SELECT key FROM webhook WHERE deleted_at IS NOT NULL)`;

const ROWS_PER_SLICE = 500;

/** @returns ids of the cancelled deliveries, oldest first */
export type CancelPending = (
  partition: Partition,
  webhook: WebhookKey,
  now: Millis,
) => AsyncIterable<readonly string[]>;

export const createCancelPending = (
  db: DatabaseSync,
  { tallies, inFlight, blocks }: Caches,
): CancelPending => {
  const markDeleted = db.prepare('UPDATE webhook SET deleted_at = ? WHERE key = ?');
  const isDeleted = db.prepare(
    `SELECT a.key_hash AS hash FROM webhook w JOIN account a ON a.key = w.account
     WHERE w.key = ? AND w.account = ? AND w.deleted_at = ?`,
  );
  const pendingIn = db.prepare(
    `SELECT seq FROM delivery WHERE seq >= ? AND seq < ? AND +webhook = ? AND +status = ${STATUS_CODES.pending}`,
  );

  const isCurrent = (partition: Partition, webhook: WebhookKey, now: Millis): boolean => {
    const row = db.isOpen ? isDeleted.get(webhook, partition, now) : undefined;
    return row !== undefined && !isHidden(String(row['hash']));
  };

  async function* idsOf(
    partition: Partition,
    webhook: WebhookKey,
    now: Millis,
    claimed: ReadonlySet<number>,
  ): AsyncGenerator<readonly string[], void, undefined> {
    const kinds = everyTypeOf(webhook, 'pending');
    let from = rowKey(partition, 0);
    // A reset or a snapshot replaces the rows.
    while (isCurrent(partition, webhook, now)) {
      const ids: string[] = [];
      let isLast = true;
      for (const range of blocks.ofDeliveries(
        kinds,
        { from, before: rowKey(partition + 1, 0) },
        'oldest',
      )) {
        for (const { seq } of pendingIn.all(range.from, range.before, webhook)) {
          if (!claimed.has(Number(seq))) ids.push(deliveryId(Number(seq)));
        }
        from = range.before;
        isLast = ids.length < ROWS_PER_SLICE;
        if (!isLast) break;
      }
      yield ids;
      if (isLast) return;
      await nextTurn();
    }
  }

  return (partition, webhook, now) => {
    transaction(db, () => {
      markDeleted.run(now, webhook);
      // Those in flight are settled when their attempt is recorded. Read in the transaction, because waiting calls that
      // precede it may add deliveries.
      const count = tallies.ofWebhook(partition, webhook).pending - inFlight.count(webhook);
      if (count > 0) tallies.move(partition, webhook, 'pending', 'cancelled', count);
    });
    inFlight.markWebhookDeleted(webhook, now);
    return idsOf(partition, webhook, now, new Set(inFlight.of(partition)));
  };
};

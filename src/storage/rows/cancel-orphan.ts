/**
 * Deliveries of deleted webhooks in a snapshot.
 *
 * @module
 */
import { afterRelease } from '../../domain/delivery-transitions.ts';
import type { DumpRow } from '../store.ts';
import { STATUS_CODES } from './status.ts';

/**
 * Cancels a pending delivery of a deleted webhook: it was in flight when the webhook was deleted.
 *
 * @param deletedAt deletion times of webhooks, by their key in the snapshot
 */
export const cancelOrphan = (deletedAt: ReadonlyMap<number, number>, row: DumpRow): DumpRow => {
  if (row['status'] !== STATUS_CODES.pending) return row;
  const at = deletedAt.get(Number(row['webhook']));
  if (at === undefined) return row;
  const update = afterRelease(Number(row['due_at']), at);
  return {
    ...row,
    status: STATUS_CODES[update.status],
    due_at: update.dueAt,
    settled_at: update.settledAt,
  };
};

/**
 * The hot path: publish, claim, record, release. Statements are prepared once; concurrent calls share a transaction.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { QueueStore } from '../store.ts';
import type { Caches } from './caches.ts';
import { createClaims } from './claims.ts';
import { insertMissingRows, type InsertDeferred } from './deferred-rows.ts';
import type { History } from './history.ts';
import type { Flight } from './in-flight.ts';
import { createPublish } from './publish.ts';
import { createRecording } from './recording.ts';
import { createRedeliver } from './redeliver.ts';
import { CANCEL_IN_FLIGHT } from './deletions.ts';
import { transaction } from './transaction.ts';

const createRelease = (
  db: DatabaseSync,
  { inFlight, tallies }: Caches,
  insertDeferred: InsertDeferred,
): QueueStore['release'] => {
  return async (keys) => {
    const released = new Map<number, Flight>();
    for (const key of keys) {
      const flight = inFlight.get(key);
      if (flight !== undefined) released.set(key, flight);
    }
    const partitions = new Set([...released.values()].map(({ partition }) => partition));
    for (const partition of partitions) insertDeferred(partition);
    // The rows are pending on disk and keep their due time. Of a deleted webhook, they count as cancelled from now on.
    transaction(db, () => {
      for (const { partition, webhook } of released.values()) {
        if (inFlight.webhookDeletedAt(webhook) === undefined) continue;
        tallies.move(partition, webhook, 'pending', 'cancelled');
      }
    });
    for (const key of released.keys()) inFlight.remove(key);
  };
};

export const createQueue = (
  db: DatabaseSync,
  caches: Caches,
  insertDeferred: InsertDeferred,
  history: Pick<History, 'getDelivery'>,
): QueueStore => {
  const { inFlight, tallies, blocks } = caches;
  return {
    publish: createPublish(db, caches),
    redeliver: createRedeliver(db, caches, insertDeferred, history),
    ...createClaims(db, inFlight),
    recordAttempts: createRecording(db, caches),
    release: createRelease(db, caches, insertDeferred),
    recover: async () => {
      const restored = transaction(db, () => {
        const inserted = insertMissingRows(db, blocks);
        db.exec(CANCEL_IN_FLIGHT);
        return inserted;
      });
      inFlight.clear();
      tallies.invalidateAll();
      return restored;
    },
  };
};

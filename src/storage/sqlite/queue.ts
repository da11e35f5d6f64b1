/**
 * The hot path: publish, claim, record, release. Statements are prepared once; concurrent calls share a transaction.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { afterRelease } from '../../domain/delivery-transitions.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { QueueStore } from '../store.ts';
import { createClaims } from './claims.ts';
import type { Counters } from './counters.ts';
import { insertMissingRows, type InsertDeferred } from './deferred-rows.ts';
import { createEndFlight, type EndFlight } from './end-flight.ts';
import type { History } from './history.ts';
import type { InFlight } from './in-flight.ts';
import { createPublish } from './publish.ts';
import { createRecording } from './recording.ts';
import { createRedeliver } from './redeliver.ts';
import { CANCEL_ORPHANS } from './schema.ts';
import type { Tallies } from './tallies.ts';
import { transaction } from './transaction.ts';

const createRelease = (
  db: DatabaseSync,
  inFlight: InFlight,
  insertDeferred: InsertDeferred,
  endFlight: EndFlight,
): QueueStore['release'] => {
  const cancel = db.prepare(
    `UPDATE delivery SET status = ${STATUS_CODES.cancelled}, due_at = NULL, settled_at = ? WHERE seq = ?`,
  );
  return async (keys) => {
    const accounts = new Set<number>();
    const released = keys.flatMap((key) => {
      const flight = inFlight.get(key);
      if (flight === undefined) return [];
      accounts.add(flight.account);
      // The row is pending on disk and keeps its due time, which is therefore not needed here.
      const deletedAt = inFlight.webhookDeletedAt(flight.webhook) ?? null;
      return [{ key, update: afterRelease(null, deletedAt) }];
    });
    for (const account of accounts) insertDeferred(account);
    transaction(db, () => {
      for (const { key, update } of released) {
        if (update.status === 'cancelled') cancel.run(update.settledAt, key);
      }
    });
    for (const { key, update } of released) endFlight(key, update.status);
  };
};

/** Caches of the file's contents. */
interface Caches {
  readonly inFlight: InFlight;
  readonly tallies: Tallies;
  readonly counters: Counters;
}

export const createQueue = (
  db: DatabaseSync,
  caches: Caches,
  insertDeferred: InsertDeferred,
  history: Pick<History, 'getDelivery'>,
): QueueStore => {
  const { inFlight, tallies, counters } = caches;
  const endFlight = createEndFlight(inFlight, tallies);
  return {
    publish: createPublish(db, inFlight, tallies, counters),
    redeliver: createRedeliver(db, caches, insertDeferred, history),
    ...createClaims(db, inFlight),
    recordAttempts: createRecording(db, inFlight, endFlight),
    release: createRelease(db, inFlight, insertDeferred, endFlight),
    recover: async () => {
      const restored = transaction(db, () => {
        const inserted = insertMissingRows(db);
        db.exec(CANCEL_ORPHANS);
        return inserted;
      });
      inFlight.clear();
      tallies.invalidateAll();
      return restored;
    },
  };
};

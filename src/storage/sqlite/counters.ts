/**
 * Cached next keys of each account's events and deliveries. One process writes the file, so counting in memory is safe.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { rowKey } from '../../domain/delivery-id.ts';
import type { Partition } from './partitions.ts';

/** Next free keys of an account. */
export interface NextKeys {
  event: number;
  delivery: number;
}

export interface Counters {
  /** Returns the next keys. A caller that uses a key must increment it. */
  of(partition: Partition): NextKeys;
  /** Sets the next keys of an account without rows. */
  set(partition: Partition, keys: NextKeys): void;
  /** Drops the cached keys; the next use reads them from the tables. */
  invalidate(partition: Partition): void;
}

export const createCounters = (db: DatabaseSync): Counters => {
  const cached = new Map<Partition, NextKeys>();
  const lastEvent = db.prepare('SELECT max(seq) AS last FROM event WHERE seq > ? AND seq < ?');
  const lastDelivery = db.prepare(
    'SELECT max(seq) AS last FROM delivery WHERE seq > ? AND seq < ?',
  );
  return {
    of: (partition) => {
      const keys = cached.get(partition);
      if (keys !== undefined) return keys;
      const from = rowKey(partition, 0);
      const to = rowKey(partition + 1, 0);
      const next = (statement: typeof lastEvent): number =>
        Number(statement.get(from, to)?.['last'] ?? from) + 1;
      const counted = { event: next(lastEvent), delivery: next(lastDelivery) };
      cached.set(partition, counted);
      return counted;
    },
    set: (partition, keys) => void cached.set(partition, keys),
    invalidate: (partition) => cached.delete(partition),
  };
};

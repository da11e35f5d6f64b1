/**
 * Cached next keys of each account's events and deliveries. One process writes the file, so counting in memory is safe.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';

/** Next free keys of an account. */
export interface NextKeys {
  event: number;
  delivery: number;
}

export interface Counters {
  /** Returns the next keys. A caller that uses a key must increment it. */
  of(account: AccountKey): NextKeys;
  /** Sets the next keys of an account without rows. */
  set(account: AccountKey, keys: NextKeys): void;
  /** Drops the cached keys; the next use reads them from the tables. */
  invalidate(account: AccountKey): void;
}

export const createCounters = (db: DatabaseSync): Counters => {
  const cached = new Map<AccountKey, NextKeys>();
  const lastEvent = db.prepare('SELECT max(seq) AS last FROM event WHERE seq > ? AND seq < ?');
  const lastDelivery = db.prepare(
    'SELECT max(seq) AS last FROM delivery WHERE seq > ? AND seq < ?',
  );
  return {
    of: (account) => {
      const keys = cached.get(account);
      if (keys !== undefined) return keys;
      const from = rowKey(account, 0);
      const to = rowKey(account + 1, 0);
      const next = (statement: typeof lastEvent): number =>
        Number(statement.get(from, to)?.['last'] ?? from) + 1;
      const counted = { event: next(lastEvent), delivery: next(lastDelivery) };
      cached.set(account, counted);
      return counted;
    },
    set: (account, keys) => void cached.set(account, keys),
    invalidate: (account) => cached.delete(account),
  };
};

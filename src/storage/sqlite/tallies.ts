/**
 * Cached counts of each account's events and deliveries. Counted on first use and then updated with every write, because
 * counting a million rows takes half a second.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey, DeliveryStatus } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import { STATUS_NAMES } from '../rows/status.ts';
import type { ReadWithDeferred } from './deferred-rows.ts';

/** Number of events, and of deliveries by status. Deliveries in flight count as pending, as they do on disk. */
export type Tally = Record<DeliveryStatus | 'events', number>;

export const NO_ROWS: Readonly<Tally> = {
  events: 0,
  pending: 0,
  in_flight: 0,
  delivered: 0,
  dead: 0,
  acknowledged: 0,
  cancelled: 0,
};

export interface Tallies {
  /** Returns the tally, counting the rows if it is not cached. */
  of(account: AccountKey): Tally;
  /** Returns the cached tally, to be updated by a write; null if it is not cached. */
  peek(account: AccountKey): Tally | null;
  /** Caches a tally that the caller knows. */
  set(account: AccountKey, tally: Tally): void;
  /** Drops the cached tally. */
  invalidate(account: AccountKey): void;
  invalidateAll(): void;
}

export const createTallies = (db: DatabaseSync, readWithDeferred: ReadWithDeferred): Tallies => {
  const tallies = new Map<AccountKey, Tally>();
  const countStatuses = db.prepare(
    'SELECT status, count(*) AS n FROM delivery WHERE seq > ? AND seq < ? GROUP BY status',
  );
  const countEvents = db.prepare('SELECT count(*) AS n FROM event WHERE account = ?');
  const countRows = (account: AccountKey): Tally => {
    const events = Number(countEvents.get(account)?.['n']);
    const tally: Tally = { ...NO_ROWS, events };
    for (const row of countStatuses.all(rowKey(account, 0), rowKey(account + 1, 0))) {
      tally[STATUS_NAMES.get(Number(row['status'])) ?? 'pending'] += Number(row['n']);
    }
    return tally;
  };
  const count = (account: AccountKey): Tally => readWithDeferred(account, () => countRows(account));
  return {
    of: (account) => {
      const cached = tallies.get(account);
      if (cached !== undefined) return cached;
      const tally = count(account);
      tallies.set(account, tally);
      return tally;
    },
    peek: (account) => tallies.get(account) ?? null,
    set: (account, tally) => void tallies.set(account, tally),
    invalidate: (account) => tallies.delete(account),
    invalidateAll: () => tallies.clear(),
  };
};

/**
 * How many events and deliveries each account has: counted when first asked for, then kept up to date by whoever
 * writes, because counting a million rows takes half a second.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey, DeliveryStatus } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import { STATUS_NAMES } from '../rows/status.ts';
import type { ReadWhole } from './unwritten.ts';

/** What is in flight counts as pending until it is written otherwise. */
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
  of(account: AccountKey): Tally;
  /** Null while nobody has asked: then there is nothing to keep up to date. */
  known(account: AccountKey): Tally | null;
  /** Saves the counting: the caller knows the numbers. */
  set(account: AccountKey, tally: Tally): void;
  /** Counts anew when next asked. */
  forget(account: AccountKey): void;
  forgetAll(): void;
}

export const createTallies = (db: DatabaseSync, readWhole: ReadWhole): Tallies => {
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
  const count = (account: AccountKey): Tally => readWhole(account, () => countRows(account));
  return {
    of: (account) => {
      const known = tallies.get(account);
      if (known !== undefined) return known;
      const tally = count(account);
      tallies.set(account, tally);
      return tally;
    },
    known: (account) => tallies.get(account) ?? null,
    set: (account, tally) => void tallies.set(account, tally),
    forget: (account) => tallies.delete(account),
    forgetAll: () => tallies.clear(),
  };
};

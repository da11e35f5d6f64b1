/**
 * The next free key of each account: there is one writer, so it can count by itself.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';

export interface Numbers {
  event: number;
  delivery: number;
}

export interface Counters {
  /** Whoever uses a number moves it on. */
  of(account: AccountKey): Numbers;
  /** Has an account without rows go on from these numbers. */
  set(account: AccountKey, numbers: Numbers): void;
  /** Looks anew when next asked. */
  forget(account: AccountKey): void;
}

export const createCounters = (db: DatabaseSync): Counters => {
  const known = new Map<AccountKey, Numbers>();
  const lastEvent = db.prepare('SELECT max(seq) AS last FROM event WHERE seq > ? AND seq < ?');
  const lastDelivery = db.prepare(
    'SELECT max(seq) AS last FROM delivery WHERE seq > ? AND seq < ?',
  );
  return {
    of: (account) => {
      const numbers = known.get(account);
      if (numbers !== undefined) return numbers;
      const from = rowKey(account, 0);
      const to = rowKey(account + 1, 0);
      const next = (statement: typeof lastEvent): number =>
        Number(statement.get(from, to)?.['last'] ?? from) + 1;
      const counted = { event: next(lastEvent), delivery: next(lastDelivery) };
      known.set(account, counted);
      return counted;
    },
    set: (account, numbers) => void known.set(account, numbers),
    forget: (account) => known.delete(account),
  };
};

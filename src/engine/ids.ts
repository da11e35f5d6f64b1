/**
 * Ids of one account: ULIDs drawn from the account's seed, so that the same seed gives the same ids.
 *
 * @module
 */
import { monotonicFactory } from 'ulid';
import type { Account } from '../domain/account.ts';
import type { Millis } from '../domain/delivery.ts';
import { seededRandom } from '../domain/random.ts';

export interface Ids {
  /** A unique id: `evt_…` or `whk_…`. */
  next(prefix: 'evt' | 'whk'): string;
  /** Continue with another stream, e.g. after a snapshot with this many rows was loaded. */
  reseed(rows: number): void;
}

/** @param now the account's virtual time, which the ids begin with */
export const createIds = ({ seed, opens }: Account, now: () => Millis): Ids => {
  // Every opening and every snapshot draws from its own stream, so that existing ids are not repeated.
  const stream = (rows: number): ReturnType<typeof monotonicFactory> =>
    monotonicFactory(seededRandom(seed + opens * 0x85eb_ca6b + rows * 0xc2b2_ae35));
  let nextUlid = stream(0);
  return {
    next: (prefix) => `${prefix}_${nextUlid(now())}`,
    reseed: (rows) => {
      nextUlid = stream(rows);
    },
  };
};

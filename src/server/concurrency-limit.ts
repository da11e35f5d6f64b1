/**
 * Limits long-running requests, in total and per account, so that one account cannot block the others.
 *
 * @module
 */
import type { AccountKey } from '../domain/delivery.ts';
import { busy } from '../domain/problems.ts';

export interface ConcurrencyLimit {
  /**
   * Acquire a slot.
   *
   * @returns a function that releases it; call it exactly once
   * @throws {Problem} `BUSY` if a limit is reached
   */
  enter(account: AccountKey): () => void;
}

/**
 * @param what plural noun phrase for messages: `requests that wait for deliveries`
 * @param max in all accounts
 * @param maxPerAccount in one account
 */
export const createConcurrencyLimit = (
  what: string,
  max: number,
  maxPerAccount: number,
): ConcurrencyLimit => {
  const active = new Map<AccountKey, number>();
  let total = 0;
  return {
    enter: (account) => {
      const own = active.get(account) ?? 0;
      if (own >= maxPerAccount) {
        throw busy(`This account already has ${own} ${what}. Wait for one to end, or close one.`);
      }
      if (total >= max) {
        throw busy(`The sandbox already has ${total} ${what}. Wait for one to end, or close one.`);
      }
      total += 1;
      active.set(account, own + 1);
      return () => {
        total -= 1;
        const rest = (active.get(account) ?? 1) - 1;
        if (rest > 0) active.set(account, rest);
        else active.delete(account);
      };
    },
  };
};

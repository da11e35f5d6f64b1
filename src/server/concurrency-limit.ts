/**
 * Bounds what stays open for long: so many in all accounts, and so many in one, so that none shuts the others out.
 *
 * @module
 */
import type { AccountKey } from '../domain/delivery.ts';
import { busy } from '../domain/problems.ts';

export interface ConcurrencyLimit {
  /** @returns the function that leaves again, to be called once. @throws {Problem} `BUSY` when it is full */
  enter(account: AccountKey): () => void;
}

/** @param what what is counted, as a sentence begins: `requests that wait for deliveries` */
export const createConcurrencyLimit = (
  what: string,
  most: number,
  mostPerAccount: number,
): ConcurrencyLimit => {
  const inside = new Map<AccountKey, number>();
  let all = 0;
  return {
    enter: (account) => {
      const own = inside.get(account) ?? 0;
      if (own >= mostPerAccount) {
        throw busy(`This account has ${own} ${what} already. Wait for one to end, or end one.`);
      }
      if (all >= most) {
        throw busy(`There are ${all} ${what} already. Wait for one to end, or end one.`);
      }
      all += 1;
      inside.set(account, own + 1);
      return () => {
        all -= 1;
        const rest = (inside.get(account) ?? 1) - 1;
        if (rest > 0) inside.set(account, rest);
        else inside.delete(account);
      };
    },
  };
};

/**
 * Accounts.
 *
 * @module
 */
import type { AccountStore } from '../store.ts';
import { createAccountData, returnAllToQueue, type AccountEntry } from './entries.ts';
import { accountOf, checkOpen, dataOf, emptied, replaceData, type State } from './state.ts';

type AccountPart = Pick<
  AccountStore,
  'openAccount' | 'seed' | 'accountsWithWork' | 'saveClock' | 'counts' | 'resetAccount'
>;

export const createAccounts = (state: State): AccountPart => ({
  openAccount: async (keyHash, { seed, clock }) => {
    checkOpen(state);
    let entry: AccountEntry | undefined = state.byHash.get(keyHash);
    if (entry === undefined) {
      const key = state.accounts.length + 1;
      const account = { key, keyHash, seed, opens: 0, clock };
      entry = { account, data: createAccountData(key) };
      state.accounts.push(entry);
      state.byHash.set(keyHash, entry);
    }
    returnAllToQueue(entry.data);
    entry.account = { ...entry.account, opens: entry.account.opens + 1 };
    return entry.account;
  },
  seed: async (key) => accountOf(state, key).account.seed,
  accountsWithWork: async () =>
    state.accounts
      .filter(
        ({ data: { tally, commands } }) =>
          tally.pending + tally.in_flight > 0 || commands.length > 0,
      )
      .map(({ account }) => account.keyHash),
  saveClock: async (key, clock) => {
    const entry = accountOf(state, key);
    entry.account = { ...entry.account, clock };
  },
  counts: async (key) => {
    const { webhooks, events, tally } = dataOf(state, key);
    let live = 0;
    for (const { deletedAt } of webhooks.values()) if (deletedAt === null) live += 1;
    return { webhooks: live, events: events.length, deliveries: { ...tally } };
  },
  resetAccount: async (key) => replaceData(state, key, emptied(dataOf(state, key))),
});

/**
 * Accounts and remembered answers.
 *
 * @module
 */
import type { AccountStore, AnswerToKeep, IdempotencyStore } from '../store.ts';
import { createHome, giveBack, type AccountRecord, type Home } from './records.ts';
import { accountOf, checkOpen, emptied, homeOf, replaceHome, type State } from './state.ts';

type AccountPart = Pick<
  AccountStore,
  'openAccount' | 'seed' | 'accountsWithWork' | 'saveClock' | 'counts' | 'resetAccount'
>;

export const createAccounts = (state: State): AccountPart => ({
  openAccount: async (keyHash, { seed, clock }) => {
    checkOpen(state);
    let record: AccountRecord | undefined = state.byHash.get(keyHash);
    if (record === undefined) {
      const key = state.accounts.length + 1;
      record = { account: { key, keyHash, seed, opens: 0, clock }, home: createHome(key) };
      state.accounts.push(record);
      state.byHash.set(keyHash, record);
    }
    record.account = { ...record.account, opens: record.account.opens + 1 };
    return record.account;
  },
  seed: async (key) => accountOf(state, key).account.seed,
  accountsWithWork: async () =>
    state.accounts
      .filter(({ home: { tally } }) => tally.pending + tally.in_flight > 0)
      .map(({ account }) => account.keyHash),
  saveClock: async (key, clock) => {
    const record = accountOf(state, key);
    record.account = { ...record.account, clock };
  },
  counts: async (key) => {
    const { webhooks, events, tally } = homeOf(state, key);
    let live = 0;
    for (const { deletedAt } of webhooks.values()) if (deletedAt === null) live += 1;
    return { webhooks: live, events: events.length, deliveries: { ...tally } };
  },
  resetAccount: async (key) => replaceHome(state, key, emptied(homeOf(state, key))),
});

export const createAnswers = (state: State): IdempotencyStore => ({
  recall: async (account, key, notBefore) => {
    const answer = homeOf(state, account).answers.get(key);
    if (answer === undefined || answer.rememberedAt < notBefore) return null;
    const { requestHash, status, body } = answer;
    return { requestHash, status, body };
  },
});

/** Keeps an answer beside the effect that it answers. */
export const keepAnswer = (
  { answers }: Home,
  { key, answer: { requestHash, status, body }, wallNow, keep }: AnswerToKeep,
): void => {
  // In again at the end, so that the oldest comes first.
  answers.delete(key);
  answers.set(key, { requestHash, status, body, rememberedAt: wallNow });
  for (const oldest of answers.keys()) {
    if (answers.size <= keep) break;
    answers.delete(oldest);
  }
};

/** After a crash nothing is left; asked for all the same, it takes back what is in flight. */
export const recoverAll = ({ accounts }: State): number => {
  let recovered = 0;
  for (const { home } of accounts) {
    if (home.tally.in_flight === 0) continue;
    for (const delivery of home.deliveries) {
      if (delivery.status !== 'in_flight') continue;
      giveBack(delivery);
      recovered += 1;
    }
  }
  return recovered;
};

/**
 * All accounts, and lookups by key.
 *
 * @module
 */
import type { AccountKey, WebhookKey } from '../../domain/delivery.ts';
import { rowAccount, rowNumber } from '../../domain/delivery-id.ts';
import { StoreClosed } from '../../domain/store-failure.ts';
import {
  createAccountData,
  type AccountData,
  type AccountEntry,
  type DeliveryEntry,
  type WebhookEntry,
} from './entries.ts';
import { findRow } from './sorted-rows.ts';

export interface State {
  /** The account with key 1 comes first. */
  readonly accounts: AccountEntry[];
  /** Accounts by the hash of their API key. */
  readonly byHash: Map<string, AccountEntry>;
  /** Webhooks of all accounts, including deleted ones. */
  readonly webhooks: Map<WebhookKey, WebhookEntry>;
  nextWebhook: number;
  closed: boolean;
}

export const createState = (): State => ({
  accounts: [],
  byHash: new Map(),
  webhooks: new Map(),
  nextWebhook: 1,
  closed: false,
});

/** Drops everything. Any later access to an account throws. */
export const closeState = (state: State): void => {
  state.closed = true;
  state.accounts.length = 0;
  state.byHash.clear();
  state.webhooks.clear();
};

/** @throws if the store is closed */
export const checkOpen = ({ closed }: State): void => {
  if (closed) throw new StoreClosed();
};

/** @throws if the store is closed or the account does not exist */
export const accountOf = (state: State, key: AccountKey): AccountEntry => {
  checkOpen(state);
  const account = state.accounts[key - 1];
  if (account === undefined) throw new Error(`Unknown account key ${key}.`);
  return account;
};

/** @throws if the store is closed or the account does not exist */
export const dataOf = (state: State, key: AccountKey): AccountData => accountOf(state, key).data;

/** @param key of a delivery of any account */
export const deliveryAt = ({ accounts }: State, key: number): DeliveryEntry | undefined => {
  const account = accounts[rowAccount(key) - 1];
  return account === undefined ? undefined : findRow(account.data.deliveries, rowNumber(key));
};

/** @returns null if the account has no such webhook or it was deleted */
export const liveWebhook = (
  state: State,
  account: AccountKey,
  key: WebhookKey,
): WebhookEntry | null => {
  const webhook = state.webhooks.get(key);
  return webhook?.data.account === account && webhook.deletedAt === null ? webhook : null;
};

/** Replaces everything that belongs to an account. */
export const replaceData = (state: State, key: AccountKey, data: AccountData): void => {
  const account = accountOf(state, key);
  for (const { webhook } of account.data.webhooks.values()) state.webhooks.delete(webhook.key);
  for (const entry of data.webhooks.values()) state.webhooks.set(entry.webhook.key, entry);
  account.data = data;
};

/** Creates an empty account that continues the numbers of `data`. */
export const emptied = ({ account, nextEvent, nextDelivery }: AccountData): AccountData =>
  createAccountData(account, nextEvent, nextDelivery);

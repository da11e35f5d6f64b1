/**
 * All accounts, and the ways to what belongs to them by its key.
 *
 * @module
 */
import type { AccountKey, WebhookKey } from '../../domain/delivery.ts';
import { rowAccount, rowNumber } from '../../domain/delivery-id.ts';
import {
  createHome,
  type AccountRecord,
  type DeliveryRecord,
  type Home,
  type WebhookRecord,
} from './records.ts';
import { findRow } from './shelf.ts';

export interface State {
  /** Account number 1 comes first. */
  readonly accounts: AccountRecord[];
  /** By the hash of their key. */
  readonly byHash: Map<string, AccountRecord>;
  /** Of all accounts, deleted ones too. */
  readonly webhooks: Map<WebhookKey, WebhookRecord>;
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

/** Lets go of everything: whoever asks for an account from now on is told that it is closed. */
export const closeState = (state: State): void => {
  state.closed = true;
  state.accounts.length = 0;
  state.byHash.clear();
  state.webhooks.clear();
};

export const checkOpen = ({ closed }: State): void => {
  if (closed) throw new Error('the store is closed');
};

export const accountOf = (state: State, key: AccountKey): AccountRecord => {
  checkOpen(state);
  const account = state.accounts[key - 1];
  if (account === undefined) throw new Error(`there is no account ${key}`);
  return account;
};

export const homeOf = (state: State, key: AccountKey): Home => accountOf(state, key).home;

/** @param key of any account's delivery */
export const deliveryAt = ({ accounts }: State, key: number): DeliveryRecord | undefined => {
  const account = accounts[rowAccount(key) - 1];
  return account === undefined ? undefined : findRow(account.home.deliveries, rowNumber(key));
};

/** A webhook that this account has now. */
export const liveWebhook = (
  state: State,
  account: AccountKey,
  key: WebhookKey,
): WebhookRecord | null => {
  const found = state.webhooks.get(key);
  return found?.home.account === account && found.deletedAt === null ? found : null;
};

/** Puts something else in place of all that an account has. */
export const replaceHome = (state: State, key: AccountKey, home: Home): void => {
  const account = accountOf(state, key);
  for (const { webhook } of account.home.webhooks.values()) state.webhooks.delete(webhook.key);
  for (const record of home.webhooks.values()) state.webhooks.set(record.webhook.key, record);
  account.home = home;
};

/** An empty account whose numbers go on where they were. */
export const emptied = ({ account, nextEvent, nextDelivery }: Home): Home =>
  createHome(account, nextEvent, nextDelivery);

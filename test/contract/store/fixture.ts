/**
 * A store with one account and one webhook, opened for each test of the contract.
 *
 * @module
 */
import { afterEach, beforeEach } from 'vitest';
import type { Account } from '../../../src/domain/account.ts';
import type { Attempt, Delivery, Webhook } from '../../../src/domain/delivery.ts';
import type {
  AttemptRecord,
  Claim,
  DeliveryFilter,
  NewEvent,
  Store,
  StoredResponse,
} from '../../../src/storage/store.ts';

export const clock = {
  mode: 'frozen',
  rate: 0,
  anchorVirtual: 1_000,
  anchorWall: 2_000,
} as const;

export interface StoreHarness {
  /** Opens a new, empty store. */
  open(): Promise<Store>;
  /** Opens the state of `store` in a new store, as after a crash; null if the adapter is not persistent. */
  readonly reopen: ((store: Store) => Promise<Store>) | null;
}

export const attempt = (number: number, over: Partial<Attempt> = {}): Attempt => ({
  number,
  startedAt: 10,
  endedAt: 20,
  durationMs: 3,
  outcome: 'non_2xx',
  error: 'answered 500',
  url: 'http://127.0.0.1:9/',
  signature: 'sha256=00',
  response: { status: 500, headers: [['X-A', 'é']], body: 'no 👎', truncated: false },
  nextAttemptAt: 30_020,
  fault: null,
  ...over,
});

export const failed = (
  { delivery, attempt: number }: Claim,
  nextAttemptAt = 30_020,
): AttemptRecord => ({
  delivery,
  attempt: attempt(number, { nextAttemptAt }),
  status: 'pending',
});

export const ended = (
  { delivery, attempt: number }: Pick<Claim, 'delivery' | 'attempt'>,
  status: 'delivered' | 'dead' | 'cancelled',
): AttemptRecord => ({
  delivery,
  attempt: attempt(number, {
    nextAttemptAt: null,
    ...(status === 'delivered' ? { outcome: 'delivered', error: null } : {}),
  }),
  status,
});

/** Values of the running test. Methods act on the account and the webhook of the fixture. */
export interface StoreFixture {
  readonly harness: StoreHarness;
  /** A test that reopens the store replaces it. */
  store: Store;
  readonly account: Account;
  readonly webhook: Webhook;
  /** Registers another webhook. */
  readonly register: (to?: Account, id?: string) => Promise<Webhook>;
  /** Builds an event with one delivery. */
  readonly event: (id: string, dueAt?: number, to?: Webhook, claimed?: boolean) => NewEvent;
  /** Publishes events. @returns the keys of their deliveries */
  readonly publish: (...events: NewEvent[]) => Promise<readonly number[]>;
  /** Claims the first due delivery. @throws if nothing is due */
  readonly claimOne: (now?: number) => Promise<Claim>;
  /** Lists deliveries, newest first. */
  readonly deliveries: (filter?: DeliveryFilter) => Promise<readonly Delivery[]>;
  /** Stores a response. */
  readonly remember: (
    key: string,
    response: StoredResponse,
    storedAt: number,
    maxResponses: number,
  ) => Promise<void>;
}

/** Opens a store before each test of the file, and closes it afterwards. */
export const useStore = (harness: StoreHarness): StoreFixture => {
  let store: Store;
  let account: Account;
  let webhook: Webhook;
  let registered = 0;

  const register: StoreFixture['register'] = async (
    to = account,
    id = `whk_${(registered += 1)}`,
  ) => {
    const fields = { url: 'http://127.0.0.1:9/', events: ['*'], secret: 'whsec_contract' } as const;
    const created = await store.createWebhook(
      to.key,
      { ...fields, id, status: 'active', createdAt: 5 },
      100,
    );
    if (created === null) throw new Error('the account has too many webhooks');
    return created;
  };

  beforeEach(async () => {
    store = await harness.open();
    account = await store.openAccount('hash-a', { seed: 7, clock });
    webhook = await register();
  });
  afterEach(() => store.close());

  return {
    harness,
    get store() {
      return store;
    },
    set store(reopened) {
      store = reopened;
    },
    get account() {
      return account;
    },
    get webhook() {
      return webhook;
    },
    register,
    event: (id, dueAt = 100, to = webhook, claimed = false) => ({
      event: { id, type: 'email.sent', createdAt: 100, body: `{"id":"${id}"}` },
      deliveries: [{ webhook: to.key, dueAt, claimed }],
    }),
    publish: async (...events) => {
      const result = await store.publish(account.key, events);
      if (result.duplicateId !== null) throw new Error(`${result.duplicateId} exists already`);
      return result.deliveries;
    },
    claimOne: async (now = 1_000_000) => {
      const [claim] = await store.claimDue(webhook.key, now, 1);
      if (claim === undefined) throw new Error('nothing is due');
      return claim;
    },
    deliveries: (filter = {}) => store.listDeliveries(account.key, filter, { limit: 100 }),
    remember: (key, response, storedAt, maxResponses) =>
      store.appendCommand(account.key, { at: 0, emitted: 0, body: '{}' }, () => {
        return { key, response, storedAt, maxResponses };
      }),
  };
};

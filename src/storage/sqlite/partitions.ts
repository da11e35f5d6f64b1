/**
 * Partitions: the location of each account's rows.
 *
 * A partition is a number. It is the `account.key` of one row; all rows of that account refer to it in their column
 * `account`, and the keys of its events and deliveries are one range (see `rowKey`). A new account is in the partition of
 * its own key. To replace all its rows, other rows are staged in a spare partition, and then the account moves there in one
 * small transaction, however many rows there are.
 *
 * The other modules only know partitions and the keys of the database. Callers of the store do not notice:
 * {@link byAccount} translates in both directions, so that the keys of an account and of its rows stay the same, also
 * across restarts.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AccountKey, Webhook } from '../../domain/delivery.ts';
import { rowAccount, rowKey, rowNumber } from '../../domain/delivery-id.ts';
import type {
  AccountStore,
  CampaignStore,
  DeadLetter,
  HistoryStore,
  IdempotencyStore,
  Page,
  QueueStore,
  WebhookStore,
} from '../store.ts';

/** The key of an account's rows in the database: the value of their column `account`. */
export type Partition = number;

export interface Partitions {
  /** The partition that contains an account's rows. */
  of(account: AccountKey): Partition;
  /** Converts a row's key in the port to its key in the database. */
  rowIn(key: number): number;
  /** Converts a row's key in the database to its key in the port. */
  rowOut(key: number): number;
  /** Returns a key for a new account, which is its partition, too. */
  newKey(): AccountKey;
  /** Returns a partition without rows. */
  spare(): Partition;
  /** Makes a partition available again. It must have no rows and no account. */
  free(partition: Partition): void;
  /** Notes that an account is in the partition `to` now. */
  move(account: AccountKey, to: Partition): void;
}

export const createPartitions = (db: DatabaseSync): Partitions => {
  // Accounts that have moved, in both directions.
  const moved = new Map<AccountKey, Partition>();
  const accounts = new Map<Partition, AccountKey>();
  // Partitions are reused because their number is limited: keys of rows must be safe integers.
  const spares: Partition[] = [];
  let last = 0;
  let lastPartition = 0;

  const of = (account: AccountKey): Partition => moved.get(account) ?? account;
  const enter = (account: AccountKey, partition: Partition): void => {
    moved.set(account, partition);
    accounts.set(partition, account);
  };
  const newKey = (): number => (last += 1);

  for (const row of db.prepare('SELECT key, account_key FROM account ORDER BY key').all()) {
    const partition = Number(row['key']);
    for (let gap = lastPartition + 1; gap < partition; gap += 1) spares.push(gap);
    lastPartition = partition;
    const account = Number(row['account_key'] ?? partition);
    last = Math.max(last, partition, account);
    if (account !== partition) enter(account, partition);
  }
  return {
    of,
    rowIn: (key) => rowKey(of(rowAccount(key)), rowNumber(key)),
    rowOut: (key) => {
      const partition = rowAccount(key);
      return rowKey(accounts.get(partition) ?? partition, rowNumber(key));
    },
    newKey,
    spare: () => spares.pop() ?? newKey(),
    free: (partition) => void spares.push(partition),
    move: (account, to) => {
      accounts.delete(of(account));
      enter(account, to);
    },
  };
};

/** Methods whose accounts are partitions, and whose rows have the keys of the database. */
export type PartitionMethods = Omit<AccountStore, 'resetAccount' | 'importAccount'> &
  WebhookStore &
  QueueStore &
  CampaignStore &
  HistoryStore &
  IdempotencyStore;

type InPartition = <Rest extends unknown[], Result>(
  method: (partition: Partition, ...rest: Rest) => Result,
) => (account: AccountKey, ...rest: Rest) => Result;

const webhooksByAccount = (inner: WebhookStore, { of }: Partitions): WebhookStore => {
  const out = (account: AccountKey, webhook: Webhook): Webhook => ({ ...webhook, account });
  return {
    createWebhook: async (account, webhook, limit, remember) => {
      const made = await inner.createWebhook(
        of(account),
        webhook,
        limit,
        remember && ((effect) => remember(out(account, effect))),
      );
      return made && out(account, made);
    },
    listWebhooks: async (account) =>
      (await inner.listWebhooks(of(account))).map((webhook) => out(account, webhook)),
    updateWebhook: async (account, id, changes, remember) => {
      const changed = await inner.updateWebhook(
        of(account),
        id,
        changes,
        remember && ((effect) => remember(out(account, effect))),
      );
      return changed && out(account, changed);
    },
    deleteWebhook: (account, id, now) => inner.deleteWebhook(of(account), id, now),
  };
};

const queueByAccount = (inner: QueueStore, { of, rowIn, rowOut }: Partitions): QueueStore => ({
  publish: async (account, events, emitted) => {
    const result = await inner.publish(of(account), events, emitted);
    return result.duplicateId === null
      ? { ...result, deliveries: result.deliveries.map(rowOut) }
      : result;
  },
  redeliver: async (account, redelivery) => {
    const made = await inner.redeliver(of(account), redelivery);
    return made && { ...made, seq: rowOut(made.seq) };
  },
  claimDue: async (webhook, now, limit) =>
    (await inner.claimDue(webhook, now, limit)).map((claim) => {
      const delivery = rowOut(claim.delivery);
      return { ...claim, delivery, account: rowAccount(delivery) };
    }),
  nextDueAt: (account) => inner.nextDueAt(of(account)),
  recordAttempts: async (records) => {
    const translated = records.map((one) => ({ ...one, delivery: rowIn(one.delivery) }));
    const refused = new Set(await inner.recordAttempts(translated));
    // The caller compares records by identity.
    return refused.size === 0 ? [] : records.filter((_, index) => refused.has(translated[index]!));
  },
  release: (deliveries) => inner.release(deliveries.map(rowIn)),
  recover: inner.recover,
});

const historyByAccount = (inner: HistoryStore, { of, rowOut }: Partitions): HistoryStore => {
  const out = <Row extends { readonly seq: number }>(row: Row): Row => ({
    ...row,
    seq: rowOut(row.seq),
  });
  const letterOut = (letter: DeadLetter): DeadLetter => ({
    ...out(letter),
    delivery: out(letter.delivery),
  });
  const pageIn = (account: AccountKey, { limit, after }: Page): Page =>
    after === undefined
      ? { limit }
      : { limit, after: after - rowKey(account, 0) + rowKey(of(account), 0) };
  return {
    listEvents: async (account, filter, page) =>
      (await inner.listEvents(of(account), filter, pageIn(account, page))).map(out),
    getEvent: async (account, id) => {
      const event = await inner.getEvent(of(account), id);
      return event && out(event);
    },
    listDeliveries: async (account, filter, page) =>
      (await inner.listDeliveries(of(account), filter, pageIn(account, page))).map(out),
    getDelivery: async (account, id) => {
      const delivery = await inner.getDelivery(of(account), id);
      return delivery && out(delivery);
    },
    listDeadLetters: async (account, webhook, page) =>
      (await inner.listDeadLetters(of(account), webhook, pageIn(account, page))).map(letterOut),
    getDeadLetter: async (account, webhook, eventId) => {
      const letter = await inner.getDeadLetter(of(account), webhook, eventId);
      return letter && letterOut(letter);
    },
    acknowledge: async (account, webhook, eventId, now) => {
      const letter = await inner.acknowledge(of(account), webhook, eventId, now);
      return letter && letterOut(letter);
    },
  };
};

/** @param inner methods by partition; only `openAccount` returns the account's key in the port already */
export const byAccount = (inner: PartitionMethods, partitions: Partitions): PartitionMethods => {
  const { of } = partitions;
  const inPartition: InPartition =
    (method) =>
    (account, ...rest) =>
      method(of(account), ...rest);
  return {
    openAccount: inner.openAccount,
    accountsWithWork: inner.accountsWithWork,
    seed: inPartition(inner.seed),
    saveClock: inPartition(inner.saveClock),
    counts: inPartition(inner.counts),
    exportAccount: inPartition(inner.exportAccount),
    ...webhooksByAccount(inner, partitions),
    ...queueByAccount(inner, partitions),
    ...historyByAccount(inner, partitions),
    appendCommand: inPartition(inner.appendCommand),
    commands: inPartition(inner.commands),
    emitted: inPartition(inner.emitted),
    saveEmitted: inPartition(inner.saveEmitted),
    findResponse: inPartition(inner.findResponse),
  };
};

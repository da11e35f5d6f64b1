/**
 * Translates between the keys of the port and those of the database, in both directions, so that the other modules only know
 * partitions. See `partitions.ts`.
 *
 * @module
 */
import type { AccountKey, Webhook } from '../../domain/delivery.ts';
import { rowAccount, rowKey } from '../../domain/delivery-id.ts';
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
import type { Partitions } from './partitions.ts';

/** Methods whose accounts are partitions, and whose rows have the keys of the database. */
export type PartitionMethods = Omit<AccountStore, 'resetAccount' | 'importAccount'> &
  WebhookStore &
  QueueStore &
  CampaignStore &
  HistoryStore &
  IdempotencyStore;

type InPartition = <Rest extends unknown[], Result>(
  method: (partition: number, ...rest: Rest) => Result,
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

/**
 * Reference model of a store: simple lists with the rules of the port. A real store is compared with it after every call.
 *
 * @module
 */
import type { AccountKey, DeliveryStatus, Millis, WebhookKey } from '../../src/domain/delivery.ts';
import type { AttemptRecord } from '../../src/storage/store.ts';

export interface ModelWebhook {
  key: WebhookKey;
  readonly id: string;
  readonly account: AccountKey;
  deletedAt: Millis | null;
}

export interface ModelDelivery {
  readonly seq: number;
  readonly account: AccountKey;
  readonly webhook: ModelWebhook;
  readonly eventId: string;
  readonly redeliveryOf: number | null;
  status: DeliveryStatus;
  dueAt: Millis | null;
  settledAt: Millis | null;
  acknowledgedAt: Millis | null;
  attemptsMade: number;
}

const byDue = (a: ModelDelivery, b: ModelDelivery): number =>
  (a.dueAt ?? 0) - (b.dueAt ?? 0) || a.seq - b.seq;

const settle = (delivery: ModelDelivery, status: DeliveryStatus, at: Millis | null): void => {
  Object.assign(delivery, { status, dueAt: null, settledAt: at });
};

export class StoreModel {
  webhooks: ModelWebhook[] = [];
  /** `account/id`, oldest first. */
  events: { readonly account: AccountKey; readonly id: string }[] = [];
  deliveries: ModelDelivery[] = [];

  publish(
    account: AccountKey,
    events: readonly { id: string; webhook: ModelWebhook; dueAt: Millis; claimed: boolean }[],
  ): { duplicateId: string } | { add: (seqs: readonly number[]) => void } {
    const known = new Set(this.events.filter((one) => one.account === account).map(({ id }) => id));
    for (const { id } of events) {
      if (known.has(id)) return { duplicateId: id };
      known.add(id);
    }
    return {
      add: (seqs) => {
        for (const [index, { id, webhook, dueAt, claimed }] of events.entries()) {
          this.events.push({ account, id });
          this.add(account, webhook, id, seqs[index] ?? -1, dueAt, null);
          if (claimed) this.find(seqs[index] ?? -1).status = 'in_flight';
        }
      },
    };
  }

  add(
    account: AccountKey,
    webhook: ModelWebhook,
    eventId: string,
    seq: number,
    dueAt: Millis,
    redeliveryOf: number | null,
  ): void {
    const fresh = { settledAt: null, acknowledgedAt: null, attemptsMade: 0 };
    const status = 'pending' as const;
    this.deliveries.push({ seq, account, webhook, eventId, redeliveryOf, status, dueAt, ...fresh });
  }

  find(seq: number): ModelDelivery {
    const found = this.deliveries.find((one) => one.seq === seq);
    if (found === undefined) throw new Error(`the model has no delivery ${seq}`);
    return found;
  }

  pending(webhook: ModelWebhook): ModelDelivery[] {
    return this.deliveries
      .filter((one) => one.webhook === webhook && one.status === 'pending')
      .toSorted(byDue);
  }

  inFlight(account: AccountKey): ModelDelivery[] {
    return this.deliveries.filter((one) => one.account === account && one.status === 'in_flight');
  }

  claim(webhook: ModelWebhook, now: Millis, limit: number): number[] {
    const due = this.pending(webhook).filter(({ dueAt }) => dueAt !== null && dueAt <= now);
    const claimed = due.slice(0, limit);
    for (const delivery of claimed) delivery.status = 'in_flight';
    return claimed.map(({ seq }) => seq);
  }

  record({ delivery: seq, attempt, status }: AttemptRecord): void {
    const delivery = this.find(seq);
    delivery.attemptsMade = attempt.number;
    if (status !== 'pending') settle(delivery, status, attempt.endedAt);
    else if (delivery.webhook.deletedAt !== null) settle(delivery, 'cancelled', attempt.endedAt);
    else Object.assign(delivery, { status, dueAt: attempt.nextAttemptAt });
  }

  /** Makes deliveries in flight pending again, or cancels them if their webhook was deleted. */
  release(deliveries: readonly ModelDelivery[]): void {
    for (const delivery of deliveries) {
      const deletedAt = delivery.webhook.deletedAt;
      if (deletedAt === null) delivery.status = 'pending';
      else settle(delivery, 'cancelled', deletedAt);
    }
  }

  remove(webhook: ModelWebhook, now: Millis): number[] {
    webhook.deletedAt = now;
    const pending = this.pending(webhook).toSorted((a, b) => a.seq - b.seq);
    for (const delivery of pending) settle(delivery, 'cancelled', now);
    return pending.map(({ seq }) => seq);
  }

  /** Newest dead (or acknowledged) delivery per event, in the order of the events. */
  deadLetters(webhook: ModelWebhook, statuses: readonly DeliveryStatus[]): ModelDelivery[] {
    if (webhook.deletedAt !== null) return [];
    return this.events.flatMap(({ account, id }) => {
      const dead = this.deliveries.filter(
        (one) =>
          account === webhook.account &&
          one.webhook === webhook &&
          one.eventId === id &&
          statuses.includes(one.status),
      );
      return dead.toSorted((a, b) => b.seq - a.seq).slice(0, 1);
    });
  }

  acknowledge(webhook: ModelWebhook, eventId: string, now: Millis): void {
    if (webhook.deletedAt !== null) return;
    for (const one of this.deliveries) {
      if (one.webhook !== webhook || one.eventId !== eventId || one.status !== 'dead') continue;
      Object.assign(one, { status: 'acknowledged', acknowledgedAt: now });
    }
  }

  reset(account: AccountKey): void {
    this.webhooks = this.webhooks.filter((one) => one.account !== account);
    this.events = this.events.filter((one) => one.account !== account);
    this.deliveries = this.deliveries.filter((one) => one.account !== account);
  }
}

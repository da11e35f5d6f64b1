/**
 * Random calls against a store and its {@link StoreModel}: after each call, both must be indistinguishable from outside.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Account } from '../../src/domain/account.ts';
import type { AccountKey, Attempt, DeliveryStatus } from '../../src/domain/delivery.ts';
import type { AttemptRecord, Store } from '../../src/storage/store.ts';
import type { StoreHarness } from './store/fixture.ts';
import { StoreModel, type ModelDelivery, type ModelWebhook } from './store-model.ts';
import { deletedBy, dumpOf } from '../support/dump.ts';

const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;
const ALL = { limit: 1000 };

/** Picks one of the existing items, modulo their number. */
const small = fc.nat(7);
const time = fc.integer({ min: 0, max: 50 });
const planned = fc.record({ id: fc.nat(30), hook: small, dueAt: time, claimed: fc.boolean() });
interface Operation {
  readonly do: string;
  readonly pick?: number;
  readonly at?: number;
  readonly now?: number;
  readonly limit?: number;
  readonly status?: AttemptRecord['status'];
  readonly events?: readonly { id: number; hook: number; dueAt: number; claimed: boolean }[];
}

const weighted = (
  weight: number,
  name: string,
  fields: { [Key in keyof Operation]?: fc.Arbitrary<Operation[Key]> } = {},
): fc.WeightedArbitrary<Operation> => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(name), ...fields }),
});

const status = fc.constantFrom('pending', 'delivered', 'dead', 'dead', 'cancelled');
const operation = fc.oneof(
  weighted(6, 'publish', { events: fc.array(planned, { maxLength: 4, size: 'max' }) }),
  weighted(6, 'claim', { pick: small, now: time, limit: small }),
  weighted(6, 'record', { pick: small, status, at: time }),
  weighted(1, 'release', { pick: small }),
  weighted(2, 'redeliver', { pick: small, at: time }),
  weighted(1, 'delete', { pick: small, at: time }),
  weighted(2, 'register'),
  weighted(2, 'acknowledge', { pick: small, at: time }),
  weighted(1, 'recover'),
  weighted(1, 'reopen'),
  weighted(1, 'reset'),
  weighted(1, 'reload'),
);
const step = fc.tuple(fc.boolean(), operation);

const pickOf = <T>(list: readonly T[], pick = 0): T | undefined => list[pick % list.length];

const attemptAt = (number: number, at: number, next: number | null): Attempt => ({
  number,
  startedAt: at,
  endedAt: at,
  durationMs: 1,
  outcome: 'non_2xx',
  error: 'answered 500',
  url: 'http://127.0.0.1:9/',
  signature: null,
  response: null,
  nextAttemptAt: next,
  fault: null,
});

class Run {
  readonly model = new StoreModel();
  private made = 0;
  private readonly harness: StoreHarness;
  private store: Store;

  constructor(harness: StoreHarness, store: Store) {
    this.harness = harness;
    this.store = store;
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  /** Applies an operation to the store and to the model. Does nothing if there is nothing to apply it to. */
  async apply({ key }: Account, op: Operation): Promise<void> {
    const hook = pickOf(this.live(key), op.pick);
    switch (op.do) {
      case 'register':
        return this.register(key);
      case 'publish':
        return this.publish(key, op.events ?? []);
      case 'claim':
        return hook && this.claim(key, hook, op);
      case 'record':
        return this.record(pickOf(this.model.inFlight(key), op.pick), op);
      case 'release':
        return this.release(pickOf(this.model.inFlight(key), op.pick));
      case 'redeliver':
        return this.redeliver(key, op);
      case 'delete':
        return hook && this.delete(key, hook, op);
      case 'acknowledge':
        return hook && this.acknowledge(key, hook, op);
      case 'reset':
        return this.reset(key);
      case 'reload':
        return this.reload(key);
      case 'reopen':
        return this.recover(true);
      default:
        return this.recover(false);
    }
  }

  private live(key: AccountKey): ModelWebhook[] {
    return this.model.webhooks.filter((one) => one.account === key && one.deletedAt === null);
  }

  private async register(key: AccountKey): Promise<void> {
    const id = `whk_${(this.made += 1)}`;
    const fields = { url: 'http://x/', events: ['*'], secret: 'whsec_random' } as const;
    const created = await this.store.createWebhook(
      key,
      { ...fields, id, status: 'active', createdAt: 0 },
      3,
    );
    expect(created === null).toBe(this.live(key).length >= 3);
    if (created === null) return;
    this.model.webhooks.push({ key: created.key, id, account: key, deletedAt: null });
  }

  private async publish(key: AccountKey, planned: NonNullable<Operation['events']>): Promise<void> {
    const live = this.live(key);
    const events = planned.flatMap(({ id, hook: pick, dueAt, claimed }) => {
      const webhook = pickOf(live, pick);
      return webhook === undefined ? [] : [{ id: `evt_${id}`, webhook, dueAt, claimed }];
    });
    const expected = this.model.publish(key, events);
    const result = await this.store.publish(
      key,
      events.map(({ id, webhook, dueAt, claimed }) => ({
        event: { id, type: 'email.sent', createdAt: 0, body: `{"id":"${id}"}` },
        deliveries: [{ webhook: webhook.key, dueAt, claimed }],
      })),
    );
    expect(result.duplicateId).toBe('duplicateId' in expected ? expected.duplicateId : null);
    if ('add' in expected && result.duplicateId === null) expected.add(result.deliveries);
  }

  private async claim(
    key: AccountKey,
    hook: ModelWebhook,
    { now = 0, limit = 0 }: Operation,
  ): Promise<void> {
    const claims = await this.store.claimDue(hook.key, now, limit);
    const seqs = claims.map(({ delivery }) => delivery);
    expect(seqs).toEqual(this.model.claim(hook, now, limit));
    for (const claim of claims) {
      const { eventId, attemptsMade } = this.model.find(claim.delivery);
      const body = `{"id":"${eventId}"}`;
      expect(claim).toMatchObject({ account: key, eventId, body, attempt: attemptsMade + 1 });
    }
  }

  private async record(
    delivery: ModelDelivery | undefined,
    { status = 'pending', at = 0 }: Operation,
  ): Promise<void> {
    if (delivery === undefined) return;
    const next = status === 'pending' ? at + 5 : null;
    const attempt = attemptAt(delivery.attemptsMade + 1, at, next);
    const record = { delivery: delivery.seq, attempt, status };
    this.model.record(record);
    expect(await this.store.recordAttempts([record])).toEqual([]);
  }

  private async release(delivery: ModelDelivery | undefined): Promise<void> {
    if (delivery === undefined) return;
    this.model.release([delivery]);
    await this.store.release([delivery.seq]);
  }

  private async redeliver(key: AccountKey, { pick, at = 0 }: Operation): Promise<void> {
    const { model, store } = this;
    const of = pickOf(
      model.deliveries.filter((one) => one.account === key),
      pick,
    );
    if (of === undefined) return;
    const listed = await store.listDeliveries(key, {}, ALL);
    const { id } = listed.find(({ seq }) => seq === of.seq)!;
    const again = { of: id, body: null, signature: 'valid', dueAt: at } as const;
    const delivery = await store.redeliver(key, again);
    expect(delivery === null).toBe(of.webhook.deletedAt !== null);
    if (delivery !== null) model.add(key, of.webhook, of.eventId, delivery.seq, at, of.seq);
  }

  private async delete(key: AccountKey, hook: ModelWebhook, { at = 0 }: Operation): Promise<void> {
    const ids = await deletedBy(this.store, key, hook.id, at);
    expect(ids?.length).toBe(this.model.remove(hook, at).length);
  }

  private async acknowledge(
    key: AccountKey,
    hook: ModelWebhook,
    { pick, at = 0 }: Operation,
  ): Promise<void> {
    const letter = pickOf(this.model.deadLetters(hook, ['dead', 'acknowledged']), pick);
    if (letter === undefined) return;
    this.model.acknowledge(hook, letter.eventId, at);
    const acknowledged = await this.store.acknowledge(key, hook.key, letter.eventId, at);
    expect(acknowledged?.delivery.seq).toBe(letter.seq);
  }

  private async reset(key: AccountKey): Promise<void> {
    this.model.reset(key);
    await this.store.resetAccount(key);
  }

  /** Replaces the account with its own snapshot. */
  private async reload(key: AccountKey): Promise<void> {
    const { model, store } = this;
    const live = this.live(key);
    model.release(model.inFlight(key));
    await store.importAccount(key, await dumpOf(store, key));
    const listed = await store.listWebhooks(key);
    for (const one of live) one.key = listed.find(({ id }) => id === one.id)?.key ?? -1;
  }

  /** @param crash whether to reopen the store first, if it is persistent */
  private async recover(crash: boolean): Promise<void> {
    if (crash && this.harness.reopen !== null) this.store = await this.harness.reopen(this.store);
    this.model.release(this.model.deliveries.filter((one) => one.status === 'in_flight'));
    await this.store.recover();
  }

  /** Compares everything that is visible of an account. */
  async compare({ key }: Account): Promise<void> {
    const { model, store } = this;
    const mine = model.deliveries.filter((one) => one.account === key);
    const live = model.webhooks.filter((one) => one.account === key && one.deletedAt === null);
    const listed = await store.listDeliveries(key, {}, ALL);
    expect(
      listed.map((one) => [
        one.seq,
        one.webhookId,
        one.eventId,
        one.status,
        one.dueAt,
        one.settledAt,
        one.acknowledgedAt,
        one.attemptsMade,
      ]),
    ).toEqual(
      mine
        .toSorted((a, b) => b.seq - a.seq)
        .map((one) => [
          one.seq,
          one.webhook.id,
          one.eventId,
          one.status,
          one.dueAt,
          one.settledAt,
          one.acknowledgedAt,
          one.attemptsMade,
        ]),
    );
    const counts: Partial<Record<DeliveryStatus, number>> = {};
    for (const { status } of mine) counts[status] = (counts[status] ?? 0) + 1;
    const { deliveries, events, webhooks } = await store.counts(key);
    expect(Object.fromEntries(Object.entries(deliveries).filter(([, n]) => n !== 0))).toEqual(
      counts,
    );
    expect(events).toBe(model.events.filter((one) => one.account === key).length);
    expect(webhooks).toBe(live.length);
    expect((await store.listWebhooks(key)).map(({ id }) => id)).toEqual(live.map(({ id }) => id));
    const due = live.flatMap((one) =>
      model
        .pending(one)
        .slice(0, 1)
        .map(({ dueAt }) => [one.key, dueAt] as const),
    );
    expect(await store.nextDueAt(key)).toEqual(new Map(due));
    for (const hook of live) await this.compareWebhook(key, hook);
  }

  private async compareWebhook(key: number, hook: ModelWebhook): Promise<void> {
    const { model, store } = this;
    const letters = await store.listDeadLetters(key, hook.key, ALL);
    expect(letters.map(({ delivery }) => delivery.seq)).toEqual(
      model.deadLetters(hook, ['dead']).map(({ seq }) => seq),
    );
    for (const status of ['pending', 'in_flight', 'dead'] as const) {
      const filtered = await store.listDeliveries(key, { status, webhookId: hook.id }, ALL);
      const expected = model.deliveries.filter(
        (one) => one.webhook === hook && one.status === status,
      );
      expect(filtered.length).toBe(expected.length);
    }
  }
}

/** @param runs number of random histories */
export const randomStoreCalls = (harness: StoreHarness, runs: number): void => {
  test('behaves like the model, after any calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const store = await harness.open();
        const run = new Run(harness, store);
        try {
          const one = await store.openAccount('one', { seed: 1, clock });
          const other = await store.openAccount('other', { seed: 2, clock });
          for (const account of [one, other]) await run.apply(account, { do: 'register' });
          for (const [first, op] of steps) {
            await run.apply(first ? one : other, op);
            await run.compare(one);
            await run.compare(other);
          }
        } finally {
          await run.close();
        }
      }),
      { numRuns: runs },
    );
  });
};

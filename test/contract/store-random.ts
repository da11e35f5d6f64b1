/**
 * Random calls against a store and its {@link StoreModel}: after each, both must look the same from outside.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Account } from '../../src/domain/account.ts';
import type { Attempt, DeliveryStatus } from '../../src/domain/delivery.ts';
import type { AttemptRecord, Store } from '../../src/storage/store.ts';
import type { StoreHarness } from './store.ts';
import { StoreModel, type ModelWebhook } from './store-model.ts';
import { dumpOf } from '../support/dump.ts';

const clock = { mode: 'frozen', rate: 0, anchorVirtual: 0, anchorWall: 0 } as const;
const ALL = { limit: 1000 };

/** Numbers pick among what there is at that moment. */
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

  async apply({ key }: Account, op: Operation): Promise<void> {
    const { model, store } = this;
    const hooks = model.webhooks.filter((one) => one.account === key);
    const live = hooks.filter((one) => one.deletedAt === null);
    const hook = pickOf(live, op.pick);
    const flying = pickOf(model.flying(key), op.pick);
    const at = op.at ?? 0;
    switch (op.do) {
      case 'register': {
        const id = `whk_${(this.made += 1)}`;
        const created = await store.createWebhook(
          key,
          {
            id,
            url: 'http://x/',
            events: ['*'],
            secret: 'whsec_random',
            status: 'active',
            createdAt: 0,
          },
          3,
        );
        expect(created === null).toBe(live.length >= 3);
        if (created === null) return;
        model.webhooks.push({ key: created.key, id, account: key, deletedAt: null });
        return;
      }
      case 'publish': {
        const events = (op.events ?? []).flatMap(({ id, hook: pick, dueAt, claimed }) => {
          const webhook = pickOf(live, pick);
          return webhook === undefined ? [] : [{ id: `evt_${id}`, webhook, dueAt, claimed }];
        });
        const expected = model.publish(key, events);
        const result = await store.publish(
          key,
          events.map(({ id, webhook, dueAt, claimed }) => ({
            event: { id, type: 'email.sent', createdAt: 0, body: `{"id":"${id}"}` },
            deliveries: [{ webhook: webhook.key, dueAt, claimed }],
          })),
        );
        expect(result.duplicateId).toBe('duplicateId' in expected ? expected.duplicateId : null);
        if ('add' in expected && result.duplicateId === null) expected.add(result.deliveries);
        return;
      }
      case 'claim': {
        if (hook === undefined) return;
        const { now = 0, limit = 0 } = op;
        const claims = await store.claimDue(hook.key, now, limit);
        const seqs = claims.map(({ delivery }) => delivery);
        expect(seqs).toEqual(model.claim(hook, now, limit));
        for (const claim of claims) {
          const { eventId, attemptsMade } = model.find(claim.delivery);
          const body = `{"id":"${eventId}"}`;
          expect(claim).toMatchObject({ account: key, eventId, body, attempt: attemptsMade + 1 });
        }
        return;
      }
      case 'record': {
        if (flying === undefined) return;
        const { status = 'pending' } = op;
        const next = status === 'pending' ? at + 5 : null;
        const attempt = attemptAt(flying.attemptsMade + 1, at, next);
        const record = { delivery: flying.seq, attempt, status };
        model.record(record);
        await store.recordAttempts([record]);
        return;
      }
      case 'release':
        if (flying === undefined) return;
        model.giveBack([flying]);
        await store.release([flying.seq]);
        return;
      case 'redeliver': {
        const of = pickOf(
          model.deliveries.filter((one) => one.account === key),
          op.pick,
        );
        if (of === undefined) return;
        const { id } = (await store.listDeliveries(key, {}, ALL)).find(
          (one) => one.seq === of.seq,
        )!;
        const again = await store.redeliver(key, {
          of: id,
          body: null,
          signature: 'valid',
          dueAt: at,
        });
        expect(again === null).toBe(of.webhook.deletedAt !== null);
        if (again !== null) model.add(key, of.webhook, of.eventId, again.seq, at, of.seq);
        return;
      }
      case 'delete': {
        if (hook === undefined) return;
        const ids = await store.deleteWebhook(key, hook.id, at);
        expect(ids?.length).toBe(model.remove(hook, at).length);
        return;
      }
      case 'acknowledge': {
        const dead = hook === undefined ? [] : model.deadLetters(hook, ['dead', 'acknowledged']);
        const letter = pickOf(dead, op.pick);
        if (hook === undefined || letter === undefined) return;
        model.acknowledge(hook, letter.eventId, at);
        const told = await store.acknowledge(key, hook.key, letter.eventId, at);
        expect(told?.delivery.seq).toBe(letter.seq);
        return;
      }
      case 'reset':
        model.reset(key);
        await store.resetAccount(key);
        return;
      case 'reload': {
        model.giveBack(model.flying(key));
        await store.importAccount(key, await dumpOf(store, key));
        const listed = await store.listWebhooks(key);
        for (const one of live) one.key = listed.find(({ id }) => id === one.id)?.key ?? -1;
        return;
      }
      default: {
        if (op.do === 'reopen' && this.harness.reopen !== null) {
          this.store = await this.harness.reopen(store);
        }
        model.giveBack(model.deliveries.filter((one) => one.status === 'in_flight'));
        await this.store.recover();
      }
    }
  }

  /** Everything that can be seen of an account. */
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
        .waiting(one)
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

/** @param runs how many random histories */
export const randomStoreCalls = (harness: StoreHarness, runs: number): void => {
  test('is what the model is, after any calls', async () => {
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

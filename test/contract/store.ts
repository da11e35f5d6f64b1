/**
 * What every store must do, whatever it keeps its rows in. An adapter's test calls {@link storeContract}.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../src/domain/account.ts';
import type { Attempt, Webhook } from '../../src/domain/delivery.ts';
import { SnapshotError } from '../../src/domain/snapshot-error.ts';
import type {
  ResponseToStore,
  AttemptRecord,
  Claim,
  NewEvent,
  Store,
  StoredResponse,
} from '../../src/storage/store.ts';
import { dumpOf } from '../support/dump.ts';

const clock = { mode: 'frozen', rate: 0, anchorVirtual: 1_000, anchorWall: 2_000 } as const;

export interface StoreHarness {
  /** A fresh store, empty. */
  open(): Promise<Store>;
  /** The same state in a new store, as after a crash; null for a store that keeps nothing. */
  readonly reopen: ((store: Store) => Promise<Store>) | null;
}

const attempt = (number: number, over: Partial<Attempt> = {}): Attempt => ({
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

const failed = ({ delivery, attempt: number }: Claim, nextAttemptAt = 30_020): AttemptRecord => ({
  delivery,
  attempt: attempt(number, { nextAttemptAt }),
  status: 'pending',
});

const ended = (
  { delivery, attempt: number }: Claim,
  status: 'delivered' | 'dead' | 'cancelled',
): AttemptRecord => ({
  delivery,
  attempt: attempt(number, {
    nextAttemptAt: null,
    ...(status === 'delivered' ? { outcome: 'delivered', error: null } : {}),
  }),
  status,
});

export const storeContract = (harness: StoreHarness): void => {
  let store: Store;
  let account: Account;
  const remember = (
    key: string,
    response: StoredResponse,
    storedAt: number,
    maxResponses: number,
  ): Promise<void> =>
    store.appendCommand(account.key, { at: 0, emitted: 0, body: '{}' }, () => {
      return { key, response, storedAt, maxResponses };
    });
  let webhook: Webhook;
  let made = 0;

  const register = async (to: Account = account, id = `whk_${(made += 1)}`): Promise<Webhook> => {
    const created = await store.createWebhook(
      to.key,
      {
        id,
        url: 'http://127.0.0.1:9/',
        events: ['*'],
        secret: 'whsec_contract',
        status: 'active',
        createdAt: 5,
      },
      100,
    );
    if (created === null) throw new Error('the account is full');
    return created;
  };
  const event = (id: string, dueAt = 100, to: Webhook = webhook, claimed = false): NewEvent => ({
    event: { id, type: 'email.sent', createdAt: 100, body: `{"id":"${id}"}` },
    deliveries: [{ webhook: to.key, dueAt, claimed }],
  });
  const publish = async (...events: NewEvent[]): Promise<readonly number[]> => {
    const result = await store.publish(account.key, events);
    if (result.duplicateId !== null) throw new Error(`${result.duplicateId} exists already`);
    return result.deliveries;
  };
  const claimOne = async (now = 1_000_000): Promise<Claim> => {
    const [claim] = await store.claimDue(webhook.key, now, 1);
    if (claim === undefined) throw new Error('nothing is due');
    return claim;
  };
  const deliveries = (filter = {}) => store.listDeliveries(account.key, filter, { limit: 100 });

  beforeEach(async () => {
    store = await harness.open();
    account = await store.openAccount('hash-a', { seed: 7, clock });
    webhook = await register();
  });
  afterEach(() => store.close());

  describe('campaigns', () => {
    const command = (at: number, emitted: number) => ({ at, emitted, body: `{"do":"${at}"}` });

    test('have their commands kept in order, and how far their events have come', async () => {
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      expect(await store.commands(account.key)).toEqual([]);
      expect(await store.emitted(account.key)).toBe(0);
      await store.appendCommand(account.key, command(9, 0));
      await store.appendCommand(account.key, command(3, 5));
      await store.appendCommand(other.key, command(1, 1));
      await store.saveEmitted(account.key, 7);
      await store.saveEmitted(account.key, 8);
      expect(await store.commands(account.key)).toEqual([command(9, 0), command(3, 5)]);
      expect(await store.emitted(account.key)).toBe(8);
      expect(await store.commands(other.key)).toEqual([command(1, 1)]);
      expect(await store.emitted(other.key)).toBe(0);
    });
    test('are saved with the events that they publish, or not at all', async () => {
      await store.publish(account.key, [event('evt_1')], 3);
      expect(await store.emitted(account.key)).toBe(3);
      expect(await store.publish(account.key, [event('evt_1')], 4)).toEqual({
        duplicateId: 'evt_1',
      });
      expect(await store.emitted(account.key)).toBe(3);
      await store.publish(account.key, [event('evt_2')]);
      expect(await store.emitted(account.key)).toBe(3);
    });
    test('are work: their account is opened after a restart', async () => {
      if (harness.reopen === null) return;
      await store.openAccount('hash-idle', { seed: 1, clock });
      const busy = await store.openAccount('hash-busy', { seed: 1, clock });
      await store.appendCommand(busy.key, command(9, 0));
      store = await harness.reopen(store);
      expect(await store.accountsWithWork()).toEqual(['hash-busy']);
      const again = await store.openAccount('hash-busy', { seed: 1, clock });
      expect(await store.commands(again.key)).toEqual([command(9, 0)]);
    });
  });

  describe('accounts', () => {
    test('are made once, and opened again as they were', async () => {
      const again = await store.openAccount('hash-a', {
        seed: 99,
        clock: { ...clock, mode: 'skip' },
      });
      expect(again).toEqual({ ...account, opens: 2 });
      expect(account).toMatchObject({ keyHash: 'hash-a', seed: 7, opens: 1, clock });
    });
    test('keep their clock', async () => {
      const moved = {
        mode: 'scaled',
        rate: 0.5,
        anchorVirtual: 253_402_300_799_999,
        anchorWall: 1.5,
      } as const;
      await store.saveClock(account.key, moved);
      expect((await store.openAccount('hash-a', { seed: 0, clock })).clock).toEqual(moved);
    });
    test('see nothing of each other', async () => {
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      const [delivery] = await publish(event('evt_1'));
      await store.recordAttempts([ended(await claimOne(), 'dead')]);
      expect(delivery).toBeDefined();
      const [row] = await deliveries();
      expect(await store.listWebhooks(other.key)).toEqual([]);
      expect(await store.listEvents(other.key, {}, { limit: 10 })).toEqual([]);
      expect(await store.getEvent(other.key, 'evt_1')).toBeNull();
      expect(await store.listDeliveries(other.key, {}, { limit: 10 })).toEqual([]);
      expect(await store.getDelivery(other.key, row!.id)).toBeNull();
      expect(await store.listDeadLetters(other.key, webhook.key, { limit: 10 })).toEqual([]);
      expect(await store.getDeadLetter(other.key, webhook.key, 'evt_1')).toBeNull();
      expect(await store.acknowledge(other.key, webhook.key, 'evt_1', 1)).toBeNull();
      expect(
        await store.redeliver(other.key, { of: row!.id, body: null, signature: 'valid', dueAt: 1 }),
      ).toBeNull();
      expect(await store.updateWebhook(other.key, webhook.id, { url: 'http://x/' })).toBeNull();
      expect(await store.deleteWebhook(other.key, webhook.id, 1)).toBeNull();
      expect(await store.nextDueAt(other.key)).toEqual(new Map());
      expect((await store.counts(other.key)).events).toBe(0);
      expect(
        (await store.publish(other.key, [{ event: { ...event('evt_1').event }, deliveries: [] }]))
          .duplicateId,
      ).toBeNull();
    });
    test('cannot be asked for once the store is closed', async () => {
      await store.close();
      await expect(store.openAccount('hash-a', { seed: 7, clock })).rejects.toThrow();
      await expect(store.counts(account.key)).rejects.toThrow();
      await expect(publish(event('evt_1'))).rejects.toThrow();
    });
    test('with something pending are known', async () => {
      expect(await store.accountsWithWork()).toEqual([]);
      await publish(event('evt_1'), event('evt_2'));
      expect(await store.accountsWithWork()).toEqual(['hash-a']);
    });
  });

  describe('webhooks', () => {
    test('are listed in the order in which they came', async () => {
      const second = await register();
      expect(await store.listWebhooks(account.key)).toEqual([webhook, second]);
    });
    test('are no more than the limit', async () => {
      const { key: _key, account: _account, ...more } = webhook;
      expect(await store.createWebhook(account.key, { ...more, id: 'whk_more' }, 1)).toBeNull();
    });
    test('change only what is given', async () => {
      const changed = await store.updateWebhook(account.key, webhook.id, {
        status: 'paused',
        events: ['email.sent'],
      });
      expect(changed).toEqual({ ...webhook, status: 'paused', events: ['email.sent'] });
      expect(await store.listWebhooks(account.key)).toEqual([changed]);
      expect(await store.updateWebhook(account.key, 'whk_none', {})).toBeNull();
    });
    test('that go cancel what waits for them, keep the history, and are gone', async () => {
      await publish(event('evt_1'), event('evt_2'));
      const flying = await claimOne();
      const cancelled = await store.deleteWebhook(account.key, webhook.id, 500);
      expect(cancelled).toHaveLength(1);
      expect(await store.listWebhooks(account.key)).toEqual([]);
      expect(await store.deleteWebhook(account.key, webhook.id, 500)).toBeNull();
      expect((await store.getDelivery(account.key, cancelled![0]!))?.status).toBe('cancelled');
      expect((await deliveries({ status: 'in_flight' })).map(({ seq }) => seq)).toEqual([
        flying.delivery,
      ]);
      await store.recordAttempts([ended(flying, 'cancelled')]);
      expect((await deliveries({ status: 'cancelled' })).length).toBe(2);
      expect(await store.claimDue(webhook.key, 1e9, 10)).toEqual([]);
    });
  });

  describe('a webhook that went while its deliveries were in flight', () => {
    const settled = async (): Promise<unknown[]> =>
      (await deliveries()).map(({ status, dueAt, settledAt }) => [status, dueAt, settledAt]);
    const nothingWaits = async (): Promise<void> => {
      expect(await store.claimDue(webhook.key, 1e12, 10)).toEqual([]);
      expect((await store.counts(account.key)).deliveries).toMatchObject({
        pending: 0,
        in_flight: 0,
      });
    };
    test('has no next attempt', async () => {
      await publish(event('evt_1'));
      const flying = await claimOne();
      await store.deleteWebhook(account.key, webhook.id, 500);
      await store.recordAttempts([failed(flying, 30_020)]);
      expect(await settled()).toEqual([['cancelled', null, 20]]);
      const [row] = await deliveries();
      const detail = await store.getDelivery(account.key, row!.id);
      expect(detail?.attempts).toEqual([attempt(1, { nextAttemptAt: null })]);
      await nothingWaits();
    });
    test('keeps a delivery that succeeded', async () => {
      await publish(event('evt_1'));
      const flying = await claimOne();
      await store.deleteWebhook(account.key, webhook.id, 500);
      await store.recordAttempts([ended(flying, 'delivered')]);
      expect(await settled()).toEqual([['delivered', null, 20]]);
      await nothingWaits();
    });
    test.each([true, false])('gets nothing back (claimed when published: %s)', async (claimed) => {
      const [delivery] = await publish(event('evt_1', 100, webhook, claimed));
      if (!claimed) await claimOne();
      await store.deleteWebhook(account.key, webhook.id, 500);
      await store.release([delivery!]);
      expect(await settled()).toEqual([['cancelled', null, 500]]);
      await nothingWaits();
    });
    test('has no dead letters, and nothing can be delivered to it again', async () => {
      await publish(event('evt_1'));
      await store.recordAttempts([ended(await claimOne(), 'dead')]);
      const [dead] = await deliveries();
      await store.deleteWebhook(account.key, webhook.id, 500);
      expect(await store.listDeadLetters(account.key, webhook.key, { limit: 9 })).toEqual([]);
      expect(await store.getDeadLetter(account.key, webhook.key, 'evt_1')).toBeNull();
      expect(await store.acknowledge(account.key, webhook.key, 'evt_1', 600)).toBeNull();
      expect((await deliveries())[0]?.status).toBe('dead');
      expect(
        await store.redeliver(account.key, {
          of: dead!.id,
          body: null,
          signature: 'valid',
          dueAt: 600,
        }),
      ).toBeNull();
    });
  });

  describe('publishing', () => {
    test('is all or nothing', async () => {
      await publish(event('evt_1'));
      const result = await store.publish(account.key, [
        event('evt_2'),
        event('evt_1'),
        event('evt_3'),
      ]);
      expect(result).toEqual({ duplicateId: 'evt_1' });
      expect((await store.listEvents(account.key, {}, { limit: 10 })).map(({ id }) => id)).toEqual([
        'evt_1',
      ]);
      expect((await store.counts(account.key)).deliveries.pending).toBe(1);
      expect((await store.publish(account.key, [event('evt_4'), event('evt_4')])).duplicateId).toBe(
        'evt_4',
      );
    });
    test.each([
      'plain',
      'emoji 👩‍🚀 é \u2028',
      'NUL \u0000 in it',
      '"\\/\b\f',
      'x'.repeat(1_000_000),
    ])('keeps the body as it is (%#)', async (text) => {
      const body = JSON.stringify({ text });
      await publish({ ...event('evt_1'), event: { ...event('evt_1').event, body } });
      expect((await claimOne()).body).toBe(body);
      expect((await store.getEvent(account.key, 'evt_1'))?.body).toBe(body);
    });
    test('stands or falls alone, whoever publishes at the same time', async () => {
      await publish(event('evt_1'));
      const results = await Promise.all([
        store.publish(account.key, [event('evt_2'), event('evt_3')]),
        store.publish(account.key, [event('evt_4'), event('evt_1')]),
        store.publish(account.key, [event('evt_5')]),
        store.publish(account.key, [event('evt_2')]),
        store.publish(account.key, [event('evt_6'), event('evt_7')]),
      ]);
      expect(results.map(({ duplicateId }) => duplicateId)).toEqual([
        null,
        'evt_1',
        null,
        'evt_2',
        null,
      ]);
      const kept = results.flatMap((result) =>
        result.duplicateId === null ? result.deliveries : [],
      );
      expect((await deliveries()).map(({ eventId, seq }) => [eventId, seq])).toEqual(
        kept
          .map((seq, index) => [['evt_2', 'evt_3', 'evt_5', 'evt_6', 'evt_7'][index], seq])
          .toReversed()
          .concat([['evt_1', kept[0]! - 1]]),
      );
      expect(kept).toEqual(kept.map((_, index) => kept[0]! + index));
      const { events, deliveries: counted } = await store.counts(account.key);
      expect([events, counted.pending]).toEqual([6, 6]);
    });
    test('comes before what is asked for after it', async () => {
      const before = store.publish(account.key, [
        event('evt_1'),
        event('evt_2', 100, webhook, true),
      ]);
      await store.deleteWebhook(account.key, webhook.id, 50);
      expect((await before).duplicateId).toBeNull();
      const all = await deliveries();
      expect(all.map(({ eventId, status }) => [eventId, status])).toEqual([
        ['evt_2', 'in_flight'],
        ['evt_1', 'cancelled'],
      ]);
      const cleared = store.publish(account.key, [event('evt_3')]);
      await store.resetAccount(account.key);
      expect((await cleared).duplicateId).toBeNull();
      expect(await deliveries()).toEqual([]);
    });
    test('takes at once what it is told to', async () => {
      const [claimed, waiting] = await publish(event('evt_1', 100, webhook, true), event('evt_2'));
      expect((await store.claimDue(webhook.key, 1e9, 10)).map(({ delivery }) => delivery)).toEqual([
        waiting,
      ]);
      expect((await deliveries({ status: 'in_flight' })).map(({ seq }) => seq)).toEqual([
        waiting,
        claimed,
      ]);
      await store.release([claimed!]);
      expect((await claimOne()).delivery).toBe(claimed);
    });
  });

  describe('claiming', () => {
    test('takes what is due, the oldest first, each once', async () => {
      const [a, b, c] = await publish(
        event('evt_a', 300),
        event('evt_b', 100),
        event('evt_c', 100),
      );
      await publish(event('evt_d', 301));
      const claims = await store.claimDue(webhook.key, 300, 2);
      expect(claims.map(({ delivery }) => delivery)).toEqual([b, c]);
      expect(claims[0]).toMatchObject({
        account: account.key,
        webhook: webhook.key,
        eventId: 'evt_b',
        eventType: 'email.sent',
        body: '{"id":"evt_b"}',
        signature: 'valid',
        attempt: 1,
        dueAt: 100,
      });
      expect((await store.claimDue(webhook.key, 300, 10)).map(({ delivery }) => delivery)).toEqual([
        a,
      ]);
      expect(await store.claimDue(webhook.key, 300, 10)).toEqual([]);
    });
    test('says per webhook what is due next', async () => {
      const other = await register();
      await publish(event('evt_1', 300), event('evt_2', 200), event('evt_3', 700, other));
      expect(await store.nextDueAt(account.key)).toEqual(
        new Map([
          [webhook.key, 200],
          [other.key, 700],
        ]),
      );
      await claimOne();
      expect((await store.nextDueAt(account.key)).get(webhook.key)).toBe(300);
    });
    test('gives back what is released', async () => {
      await publish(event('evt_1'));
      const claim = await claimOne();
      await store.release([claim.delivery]);
      expect(await claimOne()).toEqual(claim);
    });
  });

  describe('recording', () => {
    test('plans the next attempt', async () => {
      await publish(event('evt_1'));
      await store.recordAttempts([failed(await claimOne(), 30_020)]);
      const [delivery] = await deliveries();
      expect(delivery).toMatchObject({
        status: 'pending',
        attemptsMade: 1,
        dueAt: 30_020,
        settledAt: null,
        lastOutcome: 'non_2xx',
        lastError: 'answered 500',
        lastStatusCode: 500,
      });
      expect(await store.claimDue(webhook.key, 30_019, 1)).toEqual([]);
      expect((await claimOne(30_020)).attempt).toBe(2);
    });
    test('settles, and keeps every attempt as it was', async () => {
      await publish(event('evt_1'), event('evt_2'));
      const [one, two] = await store.claimDue(webhook.key, 1e9, 2);
      await store.recordAttempts([ended(one!, 'delivered'), failed(two!)]);
      const detail = await store.getDelivery(
        account.key,
        (await deliveries({ eventId: 'evt_2' }))[0]!.id,
      );
      expect(detail?.attempts).toEqual([failed(two!).attempt]);
      expect((await deliveries({ status: 'delivered' }))[0]).toMatchObject({
        settledAt: 20,
        dueAt: null,
        lastError: null,
      });
      expect((await store.counts(account.key)).deliveries).toMatchObject({
        delivered: 1,
        pending: 1,
        in_flight: 0,
      });
    });
    test('refuses a record that does not fit its delivery, and writes the others', async () => {
      await publish(event('evt_1'), event('evt_2'), event('evt_3'));
      const [one, two, three] = await store.claimDue(webhook.key, 1e9, 3);
      expect(await store.recordAttempts([failed(two!)])).toEqual([]);
      const repeated = failed(two!);
      const skipped = failed({ ...three!, attempt: 2 });
      const unknown = failed({ ...three!, delivery: three!.delivery + 1 });
      const twice = [failed(one!), failed(one!)] as const;
      const records = [repeated, twice[0], unknown, skipped, twice[1]];
      expect(await store.recordAttempts(records)).toEqual([repeated, unknown, skipped, twice[1]]);
      const made = (await deliveries()).map(({ eventId, attemptsMade }) => [eventId, attemptsMade]);
      expect(Object.fromEntries(made)).toEqual({ evt_1: 1, evt_2: 1, evt_3: 0 });
      expect(await store.recordAttempts([ended(three!, 'delivered')])).toEqual([]);
    });
    test('refuses what is in flight no more because its account was emptied', async () => {
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      const hook = await register(other);
      await store.publish(other.key, [event('evt_b', 100, hook)]);
      const [flying] = await store.claimDue(hook.key, 1e9, 1);
      await publish(event('evt_1', 100, webhook, true));
      const [claimed] = await deliveries({ status: 'in_flight' });
      const record = ended({ ...flying!, delivery: claimed!.seq }, 'delivered');
      await store.resetAccount(account.key);
      expect(await store.recordAttempts([record, ended(flying!, 'delivered')])).toEqual([record]);
      expect((await store.counts(other.key)).deliveries).toMatchObject({ delivered: 1 });
    });
  });

  describe('dead letters', () => {
    const kill = async (id: string): Promise<void> => {
      await publish(event(id));
      await store.recordAttempts([ended(await claimOne(), 'dead')]);
    };
    test('are listed oldest first, in pages, until they are acknowledged', async () => {
      for (const id of ['evt_1', 'evt_2', 'evt_3']) await kill(id);
      const first = await store.listDeadLetters(account.key, webhook.key, { limit: 2 });
      expect(first.map((letter) => letter.event.id)).toEqual(['evt_1', 'evt_2']);
      const rest = await store.listDeadLetters(account.key, webhook.key, {
        limit: 2,
        after: first[1]!.seq,
      });
      expect(rest.map((letter) => letter.event.id)).toEqual(['evt_3']);
      const acknowledged = await store.acknowledge(account.key, webhook.key, 'evt_1', 77);
      expect(acknowledged?.delivery).toMatchObject({ status: 'acknowledged', acknowledgedAt: 77 });
      expect(
        (await store.acknowledge(account.key, webhook.key, 'evt_1', 99))?.delivery.acknowledgedAt,
      ).toBe(77);
      expect((await store.listDeadLetters(account.key, webhook.key, { limit: 9 })).length).toBe(2);
      expect((await store.getDeadLetter(account.key, webhook.key, 'evt_1'))?.event.body).toBe(
        '{"id":"evt_1"}',
      );
    });
    test('of one event are one, the newest delivery', async () => {
      await kill('evt_1');
      const [dead] = await deliveries();
      await store.redeliver(account.key, {
        of: dead!.id,
        body: null,
        signature: 'valid',
        dueAt: 200,
      });
      await store.recordAttempts([ended(await claimOne(), 'dead')]);
      const letters = await store.listDeadLetters(account.key, webhook.key, { limit: 9 });
      expect(letters).toHaveLength(1);
      expect(letters[0]?.delivery.redeliveryOf).toBe(dead!.id);
      await store.acknowledge(account.key, webhook.key, 'evt_1', 5);
      expect((await deliveries({ status: 'acknowledged' })).length).toBe(2);
    });
    test('are none for what was never dead', async () => {
      await publish(event('evt_1'));
      expect(await store.acknowledge(account.key, webhook.key, 'evt_1', 5)).toBeNull();
      expect(await store.getDeadLetter(account.key, webhook.key, 'evt_none')).toBeNull();
    });
  });

  describe('history', () => {
    test('is paged newest first and filtered', async () => {
      const other = await register();
      await publish(
        ...['evt_1', 'evt_2', 'evt_3'].map((id) => event(id)),
        event('evt_4', 100, other),
      );
      const first = await store.listDeliveries(account.key, {}, { limit: 3 });
      expect(first.map(({ eventId }) => eventId)).toEqual(['evt_4', 'evt_3', 'evt_2']);
      const rest = await store.listDeliveries(account.key, {}, { limit: 3, after: first[2]!.seq });
      expect(rest.map(({ eventId }) => eventId)).toEqual(['evt_1']);
      expect((await deliveries({ webhookId: other.id })).map(({ eventId }) => eventId)).toEqual([
        'evt_4',
      ]);
      expect(await deliveries({ event: 'email.opened' })).toEqual([]);
      expect((await deliveries({ event: 'email.sent', status: 'pending' })).length).toBe(4);
      const events = await store.listEvents(account.key, { event: 'email.sent' }, { limit: 2 });
      expect(events.map(({ id }) => id)).toEqual(['evt_4', 'evt_3']);
      expect(
        (await store.listEvents(account.key, {}, { limit: 9, after: events[1]!.seq })).length,
      ).toBe(2);
      expect((await store.getEvent(account.key, 'evt_2'))?.id).toBe('evt_2');
      expect(await store.getDelivery(account.key, 'dlv_nonsense')).toBeNull();
    });
    test.each(['', 'a\u0000b', '\u0000', 'é 👩‍🚀 \u2028', '{"a": 1 }\n'])(
      'keeps the edited body as it is (%#)',
      async (body) => {
        await publish(event('evt_1'));
        const { delivery } = await claimOne();
        const of = (await deliveries())[0]!.id;
        const again = await store.redeliver(account.key, {
          of,
          body,
          signature: 'valid',
          dueAt: 1,
        });
        const claim = await claimOne();
        expect(claim.delivery).not.toBe(delivery);
        expect(claim.body).toBe(body);
        expect((await store.getDelivery(account.key, again!.id))?.body).toBe(body);
        // Repeating a repetition sends the same.
        const third = await store.redeliver(account.key, {
          of: again!.id,
          body: null,
          signature: 'valid',
          dueAt: 1,
        });
        expect((await store.getDelivery(account.key, third!.id))?.body).toBe(body);
      },
    );
    test('finds all deliveries of an event, redeliveries too', async () => {
      await publish(event('evt_1'), event('evt_2'));
      const of = (await deliveries({ eventId: 'evt_1' }))[0]!.id;
      const again = await store.redeliver(account.key, {
        of,
        body: null,
        signature: 'valid',
        dueAt: 1,
      });
      expect((await deliveries({ eventId: 'evt_1' })).map(({ id }) => id)).toEqual([again!.id, of]);
      expect(await deliveries({ eventId: 'evt_none' })).toEqual([]);
      expect(await deliveries({ webhookId: 'whk_none' })).toEqual([]);
    });
    test('keeps times as far away as a Date goes', async () => {
      const far = 8_640_000_000_000_000;
      await publish(event('evt_1', far));
      expect((await deliveries())[0]?.dueAt).toBe(far);
      expect(await store.claimDue(webhook.key, far - 1, 1)).toEqual([]);
      await store.recordAttempts([
        {
          delivery: (await claimOne(far)).delivery,
          attempt: attempt(1, { startedAt: far, endedAt: far, nextAttemptAt: null }),
          status: 'dead',
        },
      ]);
      expect((await deliveries())[0]?.settledAt).toBe(far);
    });
    test('knows what a redelivery repeats and sends', async () => {
      await publish(event('evt_1'));
      const [of] = await deliveries();
      const again = await store.redeliver(account.key, {
        of: of!.id,
        body: '{"edited":1}',
        signature: 'wrong',
        dueAt: 50,
      });
      expect(again).toMatchObject({
        redeliveryOf: of!.id,
        signature: 'wrong',
        status: 'pending',
        dueAt: 50,
      });
      const claim = await claimOne(60);
      expect(claim).toMatchObject({ body: '{"edited":1}', signature: 'wrong', eventId: 'evt_1' });
    });
  });

  describe('recovering', () => {
    test('what was in flight can be claimed again', async () => {
      await publish(event('evt_1'), event('evt_2', 100, webhook, true));
      await claimOne();
      await store.recover();
      expect(await store.claimDue(webhook.key, 1e9, 10)).toHaveLength(2);
    });
  });

  describe.skipIf(harness.reopen === null)('after a crash', () => {
    const reopen = async (): Promise<void> => {
      if (harness.reopen !== null) store = await harness.reopen(store);
    };
    test('what was in flight is pending again, at its old due time', async () => {
      await publish(event('evt_1', 100, webhook, true), event('evt_2', 200));
      await claimOne();
      await reopen();
      await store.recover();
      expect(await store.accountsWithWork()).toEqual(['hash-a']);
      const claims = await store.claimDue(webhook.key, 1e9, 10);
      expect(claims.map(({ eventId, dueAt }) => [eventId, dueAt])).toEqual([
        ['evt_1', 100],
        ['evt_2', 200],
      ]);
    });
    test('what was in flight to a deleted webhook is cancelled', async () => {
      await publish(event('evt_1', 100, webhook, true));
      await store.deleteWebhook(account.key, webhook.id, 5);
      await reopen();
      await store.recover();
      expect((await deliveries()).map(({ status }) => status)).toEqual(['cancelled']);
    });
    test('everything else stands as it stood', async () => {
      await publish(event('evt_1'), event('evt_2'));
      await store.recordAttempts([ended(await claimOne(), 'dead')]);
      await remember('k', { requestHash: 'h', status: 201, body: '{}' }, 1000, 10);
      const before = { deliveries: await deliveries(), counts: await store.counts(account.key) };
      await reopen();
      await store.recover();
      expect({ deliveries: await deliveries(), counts: await store.counts(account.key) }).toEqual(
        before,
      );
      expect(await store.findResponse(account.key, 'k', 0)).toEqual({
        requestHash: 'h',
        status: 201,
        body: '{}',
      });
    });
  });

  describe('reset, save and load', () => {
    const fill = async (): Promise<void> => {
      await publish(event('evt_1'), event('evt_2'), event('evt_3'));
      await store.recordAttempts([ended(await claimOne(), 'dead')]);
      const [dead] = await deliveries({ status: 'dead' });
      await store.redeliver(account.key, {
        of: dead!.id,
        body: null,
        signature: 'missing',
        dueAt: 1,
      });
      await claimOne();
    };
    test('a reset leaves an empty account and other accounts alone', async () => {
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      await register(other);
      await fill();
      await store.resetAccount(account.key);
      expect(await store.counts(account.key)).toMatchObject({
        webhooks: 0,
        events: 0,
        deliveries: { pending: 0, dead: 0, in_flight: 0 },
      });
      expect(await store.nextDueAt(account.key)).toEqual(new Map());
      expect((await store.counts(other.key)).webhooks).toBe(1);
    });
    test('what is saved loads into another account, with what was in flight pending', async () => {
      await fill();
      const dump = await dumpOf(store, account.key);
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      await store.importAccount(other.key, dump);
      const view = async (key: number) =>
        (await store.listDeliveries(key, {}, { limit: 9 })).map(
          ({ eventId, status, attemptsMade, signature }) => ({
            eventId,
            status: status === 'in_flight' ? 'pending' : status,
            attemptsMade,
            signature,
          }),
        );
      expect(await view(other.key)).toEqual(await view(account.key));
      const loaded = await store.listWebhooks(other.key);
      expect(loaded[0]).toMatchObject({ id: webhook.id, secret: 'whsec_contract' });
      expect(await store.claimDue(loaded[0]!.key, 1e9, 10)).toHaveLength(3);
    });
    test('what was in flight to a deleted webhook loads as cancelled', async () => {
      await publish(event('evt_1'), event('evt_2', 100, webhook, true));
      await claimOne();
      await store.deleteWebhook(account.key, webhook.id, 500);
      const dump = await dumpOf(store, account.key);
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      await store.importAccount(other.key, dump);
      const loaded = await store.listDeliveries(other.key, {}, { limit: 9 });
      expect(loaded.map(({ status, settledAt }) => [status, settledAt])).toEqual([
        ['cancelled', 500],
        ['cancelled', 500],
      ]);
      expect((await deliveries({ status: 'in_flight' })).length).toBe(2);
    });
    test('campaigns come along', async () => {
      await store.appendCommand(account.key, { at: 5, emitted: 0, body: '{"do":"create"}' });
      await store.saveEmitted(account.key, 12);
      const dump = await dumpOf(store, account.key);
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      await store.appendCommand(other.key, { at: 1, emitted: 0, body: '{}' });
      await store.importAccount(other.key, dump);
      expect(await store.commands(other.key)).toEqual(await store.commands(account.key));
      expect(await store.emitted(other.key)).toBe(12);
      await store.appendCommand(other.key, { at: 6, emitted: 12, body: '{}' });
      expect((await store.commands(other.key)).map(({ at }) => at)).toEqual([5, 6]);
      await store.resetAccount(other.key);
      expect(await store.commands(other.key)).toEqual([]);
      expect(await store.emitted(other.key)).toBe(0);
      expect(await store.commands(account.key)).toHaveLength(1);
    });
    test('of the version before, which had no campaigns, loads', async () => {
      await fill();
      const { clock: saved, tables } = await dumpOf(store, account.key);
      const { command: _commands, progress: _progress, ...before } = tables;
      await store.importAccount(account.key, { version: 1, clock: saved, tables: before });
      expect(await store.commands(account.key)).toEqual([]);
      expect((await deliveries()).length).toBe(4);
    });
    test('what is published after loading has numbers of its own', async () => {
      await fill();
      const dump = await dumpOf(store, account.key);
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      const hook = await register(other);
      await store.publish(other.key, [event('evt_old', 100, hook)]);
      await store.importAccount(other.key, dump);
      const [loaded] = await store.listWebhooks(other.key);
      const result = await store.publish(other.key, [event('evt_new', 100, loaded)]);
      expect(result.duplicateId).toBeNull();
      const listed = await store.listDeliveries(other.key, {}, { limit: 9 });
      expect(listed[0]?.eventId).toBe('evt_new');
      expect(new Set(listed.map(({ id }) => id)).size).toBe(5);
      expect(await store.getEvent(other.key, 'evt_old')).toBeNull();
    });
    test('what is loaded into its own account keeps its ids', async () => {
      await fill();
      const before = (await deliveries()).map(({ id }) => id);
      await store.importAccount(account.key, await dumpOf(store, account.key));
      expect((await deliveries()).map(({ id }) => id)).toEqual(before);
    });
    test.each([
      ['another version', (dump: any) => ({ ...dump, version: 99 }), /version 99/],
      [
        'an unknown table',
        (dump: any) => ({ ...dump, tables: { ...dump.tables, users: [] } }),
        /tables\.users/,
      ],
      [
        'a column that is missing',
        (dump: any) => {
          delete dump.tables.webhook[0].url;
          return dump;
        },
        /tables\.webhook\[0\].*"url"/,
      ],
      [
        'a reference to nothing',
        (dump: any) => {
          dump.tables.delivery[0].event = 12345;
          return dump;
        },
        /tables\.delivery\[0\].*12345/,
      ],
      [
        'a wrong type',
        (dump: any) => {
          dump.tables.event[0].created_at = 'soon';
          return dump;
        },
        /tables\.event\[0\]/,
      ],
      [
        'a number of another account’s range',
        (dump: any) => {
          dump.tables.event[0].seq = 7 - 2 ** 32;
          return dump;
        },
        /tables\.event\[0\]\.seq/,
      ],
      [
        'a number past its range',
        (dump: any) => {
          dump.tables.event[0].seq = 2 ** 32;
          return dump;
        },
        /tables\.event\[0\]\.seq/,
      ],
      [
        'a number that cannot be read back',
        (dump: any) => {
          dump.tables.delivery[0].due_at = 2 ** 60;
          return dump;
        },
        /tables\.delivery\[0\]\.due_at/,
      ],
      [
        'a table that is no list',
        (dump: any) => ({ ...dump, tables: { ...dump.tables, event: { 0: {} } } }),
        /tables\.event/,
      ],
      [
        'a row that is no object',
        (dump: any) => ({ ...dump, tables: { ...dump.tables, event: [null] } }),
        /tables\.event\[0\]/,
      ],
      ['no tables', (dump: any) => ({ ...dump, tables: null }), /tables/],
      [
        'a column that is not there',
        (dump: any) => {
          dump.tables.webhook[0].password = 'x';
          return dump;
        },
        /tables\.webhook\[0\].*"password"/,
      ],
      [
        'events that cannot be read',
        (dump: any) => {
          dump.tables.webhook[0].events = 'email.sent';
          return dump;
        },
        /tables\.webhook\[0\]\.events/,
      ],
      [
        'a status of a webhook that there is not',
        (dump: any) => {
          dump.tables.webhook[0].status = 'asleep';
          return dump;
        },
        /tables\.webhook\[0\]\.status/,
      ],
      [
        'a status of a delivery that there is not',
        (dump: any) => {
          dump.tables.delivery[0].status = 42;
          return dump;
        },
        /tables\.delivery\[0\]\.status/,
      ],
      [
        'a waiting delivery that is never due',
        (dump: any) => {
          const row = dump.tables.delivery.find((one: any) => one.due_at !== null);
          row.due_at = null;
          return dump;
        },
        /tables\.delivery\[\d+\]\.due_at/,
      ],
      [
        'an attempt that cannot be read',
        (dump: any) => {
          dump.tables.attempt[0].record = '{"outcome":"delivered"}';
          return dump;
        },
        /tables\.attempt\[0\]\.record/,
      ],
      [
        'the same event twice',
        (dump: any) => {
          dump.tables.event.push(dump.tables.event[0]);
          return dump;
        },
        /tables\.event\[3\]/,
      ],
    ])('%s is refused and changes nothing', async (_title, spoil, message) => {
      await fill();
      const before = await deliveries();
      const dump = spoil(await dumpOf(store, account.key));
      const error = await store.importAccount(account.key, dump).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SnapshotError);
      expect((error as SnapshotError).message).toMatch(message);
      expect(await deliveries()).toEqual(before);
    });
  });

  describe('stored responses', () => {
    const response = { requestHash: 'h', status: 201, body: '{"a":1}' };
    test('are recalled until they are too old, per account', async () => {
      await remember('k', response, 1000, 10);
      expect(await store.findResponse(account.key, 'k', 1000)).toEqual(response);
      expect(await store.findResponse(account.key, 'k', 1001)).toBeNull();
      const other = await store.openAccount('hash-b', { seed: 1, clock });
      expect(await store.findResponse(other.key, 'k', 0)).toBeNull();
    });
    test('are bounded', async () => {
      for (let at = 0; at < 5; at += 1) await remember(`k${at}`, response, at, 3);
      const kept = await Promise.all(
        [0, 1, 2, 3, 4].map((at) => store.findResponse(account.key, `k${at}`, 0)),
      );
      expect(kept.map((one) => one !== null)).toEqual([false, false, true, true, true]);
    });

    const kept = { key: 'k', response, storedAt: 1, maxResponses: 10 };
    const fields = {
      url: 'http://127.0.0.1:9/',
      events: ['*'],
      secret: 'whsec_another',
      createdAt: 5,
    } as const;
    const another = { ...fields, id: 'whk_another', status: 'active' } as const;
    const effects: [string, (remember?: () => ResponseToStore) => Promise<unknown>][] = [
      ['a webhook', (how) => store.createWebhook(account.key, another, 9, how)],
      [
        'a change',
        (how) => store.updateWebhook(account.key, webhook.id, { secret: 'whsec_other' }, how),
      ],
      [
        'a command',
        (how) => store.appendCommand(account.key, { at: 1, emitted: 0, body: '{}' }, how),
      ],
    ];
    const state = async (): Promise<unknown> => [
      await store.listWebhooks(account.key),
      await store.commands(account.key),
    ];
    test.each(effects)('are kept with %s', async (_, act) => {
      const before = await state();
      await act(() => kept);
      expect(await state()).not.toEqual(before);
      expect(await store.findResponse(account.key, 'k', 0)).toEqual(response);
    });
    test.each(effects)('that cannot be made leave nothing of %s', async (_, act) => {
      const before = await state();
      const failing = act(() => {
        throw new Error('no answer');
      });
      await expect(failing).rejects.toThrow('no answer');
      expect(await state()).toEqual(before);
    });
    test('are not kept for what had no effect', async () => {
      expect(await store.createWebhook(account.key, another, 0, () => kept)).toBeNull();
      expect(await store.updateWebhook(account.key, 'whk_none', {}, () => kept)).toBeNull();
      expect(await store.findResponse(account.key, 'k', 0)).toBeNull();
    });
  });
};

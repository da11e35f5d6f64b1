/**
 * History of events and deliveries, and dead letters.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { DeliveryFilter } from '../../../src/storage/store.ts';
import { attempt, ended, type StoreFixture } from './fixture.ts';

export const historyContract = (fixture: StoreFixture): void => {
  const { register, event, publish, claimOne, deliveries } = fixture;

  describe('dead letters', () => {
    const kill = async (id: string): Promise<void> => {
      await publish(event(id));
      await fixture.store.recordAttempts([ended(await claimOne(), 'dead')]);
    };
    test('are listed oldest first, in pages, until they are acknowledged', async () => {
      for (const id of ['evt_1', 'evt_2', 'evt_3']) await kill(id);
      const first = await fixture.store.listDeadLetters(fixture.account.key, fixture.webhook.key, {
        limit: 2,
      });
      expect(first.map((letter) => letter.event.id)).toEqual(['evt_1', 'evt_2']);
      const rest = await fixture.store.listDeadLetters(fixture.account.key, fixture.webhook.key, {
        limit: 2,
        after: first[1]!.seq,
      });
      expect(rest.map((letter) => letter.event.id)).toEqual(['evt_3']);
      const acknowledged = await fixture.store.acknowledge(
        fixture.account.key,
        fixture.webhook.key,
        'evt_1',
        77,
      );
      expect(acknowledged?.delivery).toMatchObject({ status: 'acknowledged', acknowledgedAt: 77 });
      expect(
        (await fixture.store.acknowledge(fixture.account.key, fixture.webhook.key, 'evt_1', 99))
          ?.delivery.acknowledgedAt,
      ).toBe(77);
      expect(
        (
          await fixture.store.listDeadLetters(fixture.account.key, fixture.webhook.key, {
            limit: 9,
          })
        ).length,
      ).toBe(2);
      expect(
        (await fixture.store.getDeadLetter(fixture.account.key, fixture.webhook.key, 'evt_1'))
          ?.event.body,
      ).toBe('{"id":"evt_1"}');
    });
    test('combine all dead deliveries of an event, showing the newest', async () => {
      await kill('evt_1');
      const [dead] = await deliveries();
      await fixture.store.redeliver(fixture.account.key, {
        of: dead!.id,
        body: null,
        signature: 'valid',
        dueAt: 200,
      });
      await fixture.store.recordAttempts([ended(await claimOne(), 'dead')]);
      const letters = await fixture.store.listDeadLetters(
        fixture.account.key,
        fixture.webhook.key,
        { limit: 9 },
      );
      expect(letters).toHaveLength(1);
      expect(letters[0]?.delivery.redeliveryOf).toBe(dead!.id);
      await fixture.store.acknowledge(fixture.account.key, fixture.webhook.key, 'evt_1', 5);
      expect((await deliveries({ status: 'acknowledged' })).length).toBe(2);
    });
    test('do not exist for an event that is not dead', async () => {
      await publish(event('evt_1'));
      expect(
        await fixture.store.acknowledge(fixture.account.key, fixture.webhook.key, 'evt_1', 5),
      ).toBeNull();
      expect(
        await fixture.store.getDeadLetter(fixture.account.key, fixture.webhook.key, 'evt_none'),
      ).toBeNull();
    });
  });

  describe('history', () => {
    test('is paginated newest first, and filtered', async () => {
      const other = await register();
      await publish(
        ...['evt_1', 'evt_2', 'evt_3'].map((id) => event(id)),
        event('evt_4', 100, other),
      );
      const first = await fixture.store.listDeliveries(fixture.account.key, {}, { limit: 3 });
      expect(first.map(({ eventId }) => eventId)).toEqual(['evt_4', 'evt_3', 'evt_2']);
      const rest = await fixture.store.listDeliveries(
        fixture.account.key,
        {},
        { limit: 3, after: first[2]!.seq },
      );
      expect(rest.map(({ eventId }) => eventId)).toEqual(['evt_1']);
      expect((await deliveries({ webhookId: other.id })).map(({ eventId }) => eventId)).toEqual([
        'evt_4',
      ]);
      expect(await deliveries({ event: 'email.opened' })).toEqual([]);
      expect((await deliveries({ event: 'email.sent', status: 'pending' })).length).toBe(4);
      const events = await fixture.store.listEvents(
        fixture.account.key,
        { event: 'email.sent' },
        { limit: 2 },
      );
      expect(events.map(({ id }) => id)).toEqual(['evt_4', 'evt_3']);
      expect(
        (
          await fixture.store.listEvents(
            fixture.account.key,
            {},
            { limit: 9, after: events[1]!.seq },
          )
        ).length,
      ).toBe(2);
      expect((await fixture.store.getEvent(fixture.account.key, 'evt_2'))?.id).toBe('evt_2');
      expect(await fixture.store.getDelivery(fixture.account.key, 'dlv_nonsense')).toBeNull();
    });
    test.each(['', 'a\u0000b', '\u0000', 'é 👩‍🚀 \u2028', '{"a": 1 }\n'])(
      'preserves an edited body exactly (%#)',
      async (body) => {
        await publish(event('evt_1'));
        const { delivery } = await claimOne();
        const of = (await deliveries())[0]!.id;
        const again = await fixture.store.redeliver(fixture.account.key, {
          of,
          body,
          signature: 'valid',
          dueAt: 1,
        });
        const claim = await claimOne();
        expect(claim.delivery).not.toBe(delivery);
        expect(claim.body).toBe(body);
        expect((await fixture.store.getDelivery(fixture.account.key, again!.id))?.body).toBe(body);
        // Repeating a redelivery sends the same body.
        const third = await fixture.store.redeliver(fixture.account.key, {
          of: again!.id,
          body: null,
          signature: 'valid',
          dueAt: 1,
        });
        expect((await fixture.store.getDelivery(fixture.account.key, third!.id))?.body).toBe(body);
      },
    );
    test('finds all deliveries of an event, including redeliveries', async () => {
      await publish(event('evt_1'), event('evt_2'));
      const of = (await deliveries({ eventId: 'evt_1' }))[0]!.id;
      const again = await fixture.store.redeliver(fixture.account.key, {
        of,
        body: null,
        signature: 'valid',
        dueAt: 1,
      });
      expect((await deliveries({ eventId: 'evt_1' })).map(({ id }) => id)).toEqual([again!.id, of]);
      expect(await deliveries({ eventId: 'evt_none' })).toEqual([]);
      expect(await deliveries({ webhookId: 'whk_none' })).toEqual([]);
    });
    test('lists deliveries with the body of their event and the fault of the latest attempt', async () => {
      const fault = { name: 'tampered_body', rule: 'flt_1' } as const;
      await publish(event('evt_1'), event('evt_2'));
      const claim = await claimOne();
      await fixture.store.recordAttempts([
        { delivery: claim.delivery, attempt: attempt(1, { fault }), status: 'pending' },
      ]);
      const list = (filter: DeliveryFilter) =>
        fixture.store.listDeliveries(fixture.account.key, filter, { limit: 9 });
      // By each way that an adapter may find them.
      for (const filter of [{}, { event: 'email.sent' }, { status: 'pending' }] as const) {
        expect(await list(filter)).toMatchObject([
          { eventId: 'evt_2', eventBody: '{"id":"evt_2"}', lastFault: null },
          { eventId: 'evt_1', eventBody: '{"id":"evt_1"}', lastFault: 'tampered_body' },
        ]);
      }
      const again = await fixture.store.redeliver(fixture.account.key, {
        of: (await list({ eventId: 'evt_1' }))[0]!.id,
        body: 'edited',
        signature: 'valid',
        dueAt: 1,
      });
      expect(await list({ eventId: 'evt_1' })).toMatchObject([
        { id: again!.id, eventBody: '{"id":"evt_1"}' },
        { eventBody: '{"id":"evt_1"}', lastFault: 'tampered_body' },
      ]);
    });
    test('preserves the largest time of a Date', async () => {
      const far = 8_640_000_000_000_000;
      await publish(event('evt_1', far));
      expect((await deliveries())[0]?.dueAt).toBe(far);
      expect(await fixture.store.claimDue(fixture.webhook.key, far - 1, 1)).toEqual([]);
      await fixture.store.recordAttempts([
        {
          delivery: (await claimOne(far)).delivery,
          attempt: attempt(1, { startedAt: far, endedAt: far, nextAttemptAt: null }),
          status: 'dead',
        },
      ]);
      expect((await deliveries())[0]?.settledAt).toBe(far);
    });
    test('shows what a redelivery repeats and sends', async () => {
      await publish(event('evt_1'));
      const [of] = await deliveries();
      const again = await fixture.store.redeliver(fixture.account.key, {
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
};

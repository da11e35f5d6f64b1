/**
 * Publishing: atomic, ordered, byte for byte.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { deliveryId } from '../../../src/domain/delivery-id.ts';
import { ended, type StoreFixture } from './fixture.ts';

export const publishingContract = (fixture: StoreFixture): void => {
  const { event, publish, claimOne, deliveries } = fixture;

  describe('publishing', () => {
    test('is all or nothing', async () => {
      await publish(event('evt_1'));
      const result = await fixture.store.publish(fixture.account.key, [
        event('evt_2'),
        event('evt_1'),
        event('evt_3'),
      ]);
      expect(result).toEqual({ duplicateId: 'evt_1' });
      expect(
        (await fixture.store.listEvents(fixture.account.key, {}, { limit: 10 })).map(
          ({ id }) => id,
        ),
      ).toEqual(['evt_1']);
      expect((await fixture.store.counts(fixture.account.key)).deliveries.pending).toBe(1);
      expect(
        (await fixture.store.publish(fixture.account.key, [event('evt_4'), event('evt_4')]))
          .duplicateId,
      ).toBe('evt_4');
    });
    test.each([
      'plain',
      'emoji 👩‍🚀 é \u2028',
      'NUL \u0000 in it',
      '"\\/\b\f',
      'x'.repeat(1_000_000),
    ])('preserves the body exactly (%#)', async (text) => {
      const body = JSON.stringify({ text });
      await publish({ ...event('evt_1'), event: { ...event('evt_1').event, body } });
      expect((await claimOne()).body).toBe(body);
      expect((await fixture.store.getEvent(fixture.account.key, 'evt_1'))?.body).toBe(body);
    });
    test.each<[string, (of: number) => Promise<unknown>]>([
      ['a list of deliveries', () => deliveries()],
      [
        'a look at a delivery',
        (of) => fixture.store.getDelivery(fixture.account.key, deliveryId(of)),
      ],
      ['a count', () => fixture.store.counts(fixture.account.key)],
      ['a snapshot', () => fixture.store.exportAccount(fixture.account.key)],
      [
        'a redelivery',
        (of) => {
          const again = { of: deliveryId(of), body: null, signature: 'valid', dueAt: 900 } as const;
          return fixture.store.redeliver(fixture.account.key, again);
        },
      ],
    ])('beside %s, attempts of both deliveries can be recorded', async (_, call) => {
      const [first] = await publish(event('evt_1', 100, fixture.webhook, true));
      const publishing = publish(event('evt_2', 100, fixture.webhook, true));
      await call(first!);
      const [second] = await publishing;
      for (const delivery of [first!, second!]) {
        const record = ended({ delivery, attempt: 1 }, 'delivered');
        expect(await fixture.store.recordAttempts([record])).toEqual([]);
      }
      expect(await deliveries({ status: 'delivered' })).toHaveLength(2);
    });
    test('succeeds or fails independently of concurrent calls', async () => {
      await publish(event('evt_1'));
      const results = await Promise.all([
        fixture.store.publish(fixture.account.key, [event('evt_2'), event('evt_3')]),
        fixture.store.publish(fixture.account.key, [event('evt_4'), event('evt_1')]),
        fixture.store.publish(fixture.account.key, [event('evt_5')]),
        fixture.store.publish(fixture.account.key, [event('evt_2')]),
        fixture.store.publish(fixture.account.key, [event('evt_6'), event('evt_7')]),
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
      const { events, deliveries: counted } = await fixture.store.counts(fixture.account.key);
      expect([events, counted.pending]).toEqual([6, 6]);
    });
    test('takes effect before later calls', async () => {
      const before = fixture.store.publish(fixture.account.key, [
        event('evt_1'),
        event('evt_2', 100, fixture.webhook, true),
      ]);
      await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 50);
      expect((await before).duplicateId).toBeNull();
      const all = await deliveries();
      expect(all.map(({ eventId, status }) => [eventId, status])).toEqual([
        ['evt_2', 'in_flight'],
        ['evt_1', 'cancelled'],
      ]);
      const cleared = fixture.store.publish(fixture.account.key, [event('evt_3')]);
      await fixture.store.resetAccount(fixture.account.key);
      expect((await cleared).duplicateId).toBeNull();
      expect(await deliveries()).toEqual([]);
    });
    test('claims deliveries at once if asked to', async () => {
      const [claimed, waiting] = await publish(
        event('evt_1', 100, fixture.webhook, true),
        event('evt_2'),
      );
      expect(
        (await fixture.store.claimDue(fixture.webhook.key, 1e9, 10)).map(
          ({ delivery }) => delivery,
        ),
      ).toEqual([waiting]);
      expect((await deliveries({ status: 'in_flight' })).map(({ seq }) => seq)).toEqual([
        waiting,
        claimed,
      ]);
      await fixture.store.release([claimed!]);
      expect((await claimOne()).delivery).toBe(claimed);
    });
  });
};

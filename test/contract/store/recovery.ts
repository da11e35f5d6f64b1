/**
 * Recovery after a crash.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { ended, type StoreFixture } from './fixture.ts';

export const recoveryContract = (fixture: StoreFixture): void => {
  const { event, publish, claimOne, deliveries, remember, harness } = fixture;

  describe('recovering', () => {
    test('makes deliveries in flight claimable again', async () => {
      await publish(event('evt_1'), event('evt_2', 100, fixture.webhook, true));
      await claimOne();
      await fixture.store.recover();
      expect(await fixture.store.claimDue(fixture.webhook.key, 1e9, 10)).toHaveLength(2);
    });
  });

  describe.skipIf(harness.reopen === null)('after a crash', () => {
    const reopen = async (): Promise<void> => {
      if (harness.reopen !== null) fixture.store = await harness.reopen(fixture.store);
    };
    test('deliveries in flight are pending again, at their old due time', async () => {
      await publish(event('evt_1', 100, fixture.webhook, true), event('evt_2', 200));
      await claimOne();
      await reopen();
      await fixture.store.recover();
      expect(await fixture.store.accountsWithWork()).toEqual(['hash-a']);
      const claims = await fixture.store.claimDue(fixture.webhook.key, 1e9, 10);
      expect(claims.map(({ eventId, dueAt }) => [eventId, dueAt])).toEqual([
        ['evt_1', 100],
        ['evt_2', 200],
      ]);
    });
    test('deliveries in flight to a deleted webhook are cancelled', async () => {
      await publish(event('evt_1', 100, fixture.webhook, true));
      await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 5);
      await reopen();
      await fixture.store.recover();
      expect((await deliveries()).map(({ status }) => status)).toEqual(['cancelled']);
    });
    test('everything else is unchanged', async () => {
      await publish(event('evt_1'), event('evt_2'));
      await fixture.store.recordAttempts([ended(await claimOne(), 'dead')]);
      await remember('k', { requestHash: 'h', status: 201, body: '{}' }, 1000, 10);
      const before = {
        deliveries: await deliveries(),
        counts: await fixture.store.counts(fixture.account.key),
      };
      await reopen();
      await fixture.store.recover();
      expect({
        deliveries: await deliveries(),
        counts: await fixture.store.counts(fixture.account.key),
      }).toEqual(before);
      expect(await fixture.store.findResponse(fixture.account.key, 'k', 0)).toEqual({
        requestHash: 'h',
        status: 201,
        body: '{}',
      });
    });
  });
};

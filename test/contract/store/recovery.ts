/**
 * Recovery after a crash.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { clock, ended, type StoreFixture } from './fixture.ts';

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

  describe('opening an account again', () => {
    test('releases its claims, refuses their records, and leaves other accounts alone', async () => {
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      const otherWebhook = await fixture.register(other, 'whk_other');
      await fixture.store.publish(other.key, [event('evt_9', 50, otherWebhook)]);
      const [otherClaim] = await fixture.store.claimDue(otherWebhook.key, 1e9, 10);
      await publish(event('evt_1', 100), event('evt_2', 100, fixture.webhook, true));
      const claim = await claimOne();

      await fixture.store.openAccount('hash-a', { seed: 0, clock });
      const late = ended(claim, 'delivered');
      expect(await fixture.store.recordAttempts([late])).toEqual([late]);
      expect((await fixture.store.counts(fixture.account.key)).deliveries).toMatchObject({
        pending: 2,
        in_flight: 0,
      });
      const claims = await fixture.store.claimDue(fixture.webhook.key, 1e9, 10);
      expect(claims.map(({ eventId, dueAt }) => [eventId, dueAt])).toEqual([
        ['evt_1', 100],
        ['evt_2', 100],
      ]);
      expect(await fixture.store.recordAttempts([ended(otherClaim!, 'delivered')])).toEqual([]);
    });
    test('cancels claims of a webhook that was deleted meanwhile', async () => {
      await publish(event('evt_1', 100, fixture.webhook, true));
      await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 5);
      await fixture.store.openAccount('hash-a', { seed: 0, clock });
      expect((await deliveries()).map(({ status }) => status)).toEqual(['cancelled']);
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

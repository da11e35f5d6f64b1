/**
 * Webhooks, and what deleting one means for its deliveries.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { attempt, failed, ended, type StoreFixture } from './fixture.ts';
import { deletedBy } from '../../support/dump.ts';

export const webhooksContract = (fixture: StoreFixture): void => {
  const { register, event, publish, claimOne, deliveries } = fixture;

  describe('webhooks', () => {
    test('are listed oldest first', async () => {
      const second = await register();
      expect(await fixture.store.listWebhooks(fixture.account.key)).toEqual([
        fixture.webhook,
        second,
      ]);
    });
    test('cannot exceed the limit', async () => {
      const { key: _key, account: _account, ...more } = fixture.webhook;
      expect(
        await fixture.store.createWebhook(fixture.account.key, { ...more, id: 'whk_more' }, 1),
      ).toBeNull();
    });
    test('change only the given fields', async () => {
      const changed = await fixture.store.updateWebhook(fixture.account.key, fixture.webhook.id, {
        status: 'paused',
        events: ['email.sent'],
      });
      expect(changed).toEqual({ ...fixture.webhook, status: 'paused', events: ['email.sent'] });
      expect(await fixture.store.listWebhooks(fixture.account.key)).toEqual([changed]);
      expect(await fixture.store.updateWebhook(fixture.account.key, 'whk_none', {})).toBeNull();
    });
    test('cancel pending deliveries and keep their history when deleted', async () => {
      await publish(event('evt_1'), event('evt_2'));
      const flying = await claimOne();
      const cancelled = await deletedBy(
        fixture.store,
        fixture.account.key,
        fixture.webhook.id,
        500,
      );
      expect(cancelled).toHaveLength(1);
      expect(await fixture.store.listWebhooks(fixture.account.key)).toEqual([]);
      expect(
        await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 500),
      ).toBeNull();
      expect((await fixture.store.getDelivery(fixture.account.key, cancelled![0]!))?.status).toBe(
        'cancelled',
      );
      expect((await deliveries({ status: 'in_flight' })).map(({ seq }) => seq)).toEqual([
        flying.delivery,
      ]);
      await fixture.store.recordAttempts([ended(flying, 'cancelled')]);
      expect((await deliveries({ status: 'cancelled' })).length).toBe(2);
      expect(await fixture.store.claimDue(fixture.webhook.key, 1e9, 10)).toEqual([]);
    });
  });

  describe('a webhook deleted while its deliveries are in flight', () => {
    const settled = async (): Promise<unknown[]> =>
      (await deliveries()).map(({ status, dueAt, settledAt }) => [status, dueAt, settledAt]);
    const nothingWaits = async (): Promise<void> => {
      expect(await fixture.store.claimDue(fixture.webhook.key, 1e12, 10)).toEqual([]);
      expect((await fixture.store.counts(fixture.account.key)).deliveries).toMatchObject({
        pending: 0,
        in_flight: 0,
      });
    };
    test('gets no retry', async () => {
      await publish(event('evt_1'));
      const flying = await claimOne();
      await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 500);
      await fixture.store.recordAttempts([failed(flying, 30_020)]);
      expect(await settled()).toEqual([['cancelled', null, 20]]);
      const [row] = await deliveries();
      const detail = await fixture.store.getDelivery(fixture.account.key, row!.id);
      expect(detail?.attempts).toEqual([attempt(1, { nextAttemptAt: null })]);
      await nothingWaits();
    });
    test('keeps a delivery that succeeded', async () => {
      await publish(event('evt_1'));
      const flying = await claimOne();
      await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 500);
      await fixture.store.recordAttempts([ended(flying, 'delivered')]);
      expect(await settled()).toEqual([['delivered', null, 20]]);
      await nothingWaits();
    });
    test.each([true, false])(
      'has released deliveries cancelled (claimed when published: %s)',
      async (claimed) => {
        const [delivery] = await publish(event('evt_1', 100, fixture.webhook, claimed));
        if (!claimed) await claimOne();
        await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 500);
        await fixture.store.release([delivery!]);
        expect(await settled()).toEqual([['cancelled', null, 500]]);
        await nothingWaits();
      },
    );
    test('has no dead letters and no redeliveries', async () => {
      await publish(event('evt_1'));
      await fixture.store.recordAttempts([ended(await claimOne(), 'dead')]);
      const [dead] = await deliveries();
      await fixture.store.deleteWebhook(fixture.account.key, fixture.webhook.id, 500);
      expect(
        await fixture.store.listDeadLetters(fixture.account.key, fixture.webhook.key, { limit: 9 }),
      ).toEqual([]);
      expect(
        await fixture.store.getDeadLetter(fixture.account.key, fixture.webhook.key, 'evt_1'),
      ).toBeNull();
      expect(
        await fixture.store.acknowledge(fixture.account.key, fixture.webhook.key, 'evt_1', 600),
      ).toBeNull();
      expect((await deliveries())[0]?.status).toBe('dead');
      expect(
        await fixture.store.redeliver(fixture.account.key, {
          of: dead!.id,
          body: null,
          signature: 'valid',
          dueAt: 600,
        }),
      ).toBeNull();
    });
  });
};

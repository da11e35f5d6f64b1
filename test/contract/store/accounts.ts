/**
 * Accounts: opening, clock, isolation.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { StoreClosed } from '../../../src/domain/store-failure.ts';
import { ended, clock, type StoreFixture } from './fixture.ts';

export const accountsContract = (fixture: StoreFixture): void => {
  const { event, publish, claimOne, deliveries } = fixture;

  describe('accounts', () => {
    test('are created once, and keep their values when opened again', async () => {
      const again = await fixture.store.openAccount('hash-a', {
        seed: 99,
        clock: { ...clock, mode: 'skip' },
      });
      expect(again).toEqual({ ...fixture.account, opens: 2 });
      expect(fixture.account).toMatchObject({ keyHash: 'hash-a', seed: 7, opens: 1, clock });
    });
    test('keep their clock', async () => {
      const moved = {
        mode: 'scaled',
        rate: 0.5,
        anchorVirtual: 253_402_300_799_999,
        anchorWall: 1.5,
      } as const;
      await fixture.store.saveClock(fixture.account.key, moved);
      expect((await fixture.store.openAccount('hash-a', { seed: 0, clock })).clock).toEqual(moved);
    });
    test('are isolated from each other', async () => {
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      const [delivery] = await publish(event('evt_1'));
      await fixture.store.recordAttempts([ended(await claimOne(), 'dead')]);
      expect(delivery).toBeDefined();
      const [row] = await deliveries();
      expect(await fixture.store.listWebhooks(other.key)).toEqual([]);
      expect(await fixture.store.listEvents(other.key, {}, { limit: 10 })).toEqual([]);
      expect(await fixture.store.getEvent(other.key, 'evt_1')).toBeNull();
      expect(await fixture.store.listDeliveries(other.key, {}, { limit: 10 })).toEqual([]);
      expect(await fixture.store.getDelivery(other.key, row!.id)).toBeNull();
      expect(
        await fixture.store.listDeadLetters(other.key, fixture.webhook.key, { limit: 10 }),
      ).toEqual([]);
      expect(await fixture.store.getDeadLetter(other.key, fixture.webhook.key, 'evt_1')).toBeNull();
      expect(
        await fixture.store.acknowledge(other.key, fixture.webhook.key, 'evt_1', 1),
      ).toBeNull();
      expect(
        await fixture.store.redeliver(other.key, {
          of: row!.id,
          body: null,
          signature: 'valid',
          dueAt: 1,
        }),
      ).toBeNull();
      expect(
        await fixture.store.updateWebhook(other.key, fixture.webhook.id, { url: 'http://x/' }),
      ).toBeNull();
      expect(await fixture.store.deleteWebhook(other.key, fixture.webhook.id, 1)).toBeNull();
      expect(await fixture.store.nextDueAt(other.key)).toEqual(new Map());
      expect((await fixture.store.counts(other.key)).events).toBe(0);
      expect(
        (
          await fixture.store.publish(other.key, [
            { event: { ...event('evt_1').event }, deliveries: [] },
          ])
        ).duplicateId,
      ).toBeNull();
    });
    test('cannot be used after the store is closed: every call is rejected, and none waits', async () => {
      await publish(event('evt_1'));
      await fixture.store.close();
      const calls = [
        publish(event('evt_2')),
        fixture.store.saveClock(fixture.account.key, clock),
        publish(event('evt_3')),
        fixture.store.openAccount('hash-a', { seed: 7, clock }),
        fixture.store.counts(fixture.account.key),
        fixture.store.resetAccount(fixture.account.key),
      ];
      const results = await Promise.allSettled(calls);
      for (const result of results) {
        expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreClosed) });
      }
    });
    test('with pending deliveries are listed as having work', async () => {
      expect(await fixture.store.accountsWithWork()).toEqual([]);
      await publish(event('evt_1'), event('evt_2'));
      expect(await fixture.store.accountsWithWork()).toEqual(['hash-a']);
    });
  });
};

/**
 * Stored responses.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { ResponseToStore } from '../../../src/storage/store.ts';
import { clock, type StoreFixture } from './fixture.ts';

export const responsesContract = (fixture: StoreFixture): void => {
  const { remember } = fixture;

  describe('stored responses', () => {
    const response = { requestHash: 'h', status: 201, body: '{"a":1}' };
    test('are found until they are too old, per account', async () => {
      await remember('k', response, 1000, 10);
      expect(await fixture.store.findResponse(fixture.account.key, 'k', 1000)).toEqual(response);
      expect(await fixture.store.findResponse(fixture.account.key, 'k', 1001)).toBeNull();
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      expect(await fixture.store.findResponse(other.key, 'k', 0)).toBeNull();
    });
    test('are limited to the newest', async () => {
      for (let at = 0; at < 5; at += 1) await remember(`k${at}`, response, at, 3);
      const kept = await Promise.all(
        [0, 1, 2, 3, 4].map((at) => fixture.store.findResponse(fixture.account.key, `k${at}`, 0)),
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
      ['a webhook', (how) => fixture.store.createWebhook(fixture.account.key, another, 9, how)],
      [
        'a change',
        (how) =>
          fixture.store.updateWebhook(
            fixture.account.key,
            fixture.webhook.id,
            { secret: 'whsec_other' },
            how,
          ),
      ],
      [
        'a command',
        (how) =>
          fixture.store.appendCommand(fixture.account.key, { at: 1, emitted: 0, body: '{}' }, how),
      ],
    ];
    const state = async (): Promise<unknown> => [
      await fixture.store.listWebhooks(fixture.account.key),
      await fixture.store.commands(fixture.account.key),
    ];
    test.each(effects)('are stored with %s', async (_, act) => {
      const before = await state();
      await act(() => kept);
      expect(await state()).not.toEqual(before);
      expect(await fixture.store.findResponse(fixture.account.key, 'k', 0)).toEqual(response);
    });
    test.each(effects)('roll %s back if they cannot be built', async (_, act) => {
      const before = await state();
      const failing = act(() => {
        throw new Error('no answer');
      });
      await expect(failing).rejects.toThrow('no answer');
      expect(await state()).toEqual(before);
    });
    test('are not stored without an effect', async () => {
      expect(
        await fixture.store.createWebhook(fixture.account.key, another, 0, () => kept),
      ).toBeNull();
      expect(
        await fixture.store.updateWebhook(fixture.account.key, 'whk_none', {}, () => kept),
      ).toBeNull();
      expect(await fixture.store.findResponse(fixture.account.key, 'k', 0)).toBeNull();
    });
  });
};

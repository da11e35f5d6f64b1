/**
 * Campaign commands and the number of emitted events.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { clock, type StoreFixture } from './fixture.ts';

export const campaignsContract = (fixture: StoreFixture): void => {
  const { event, harness } = fixture;

  describe('campaigns', () => {
    const command = (at: number, emitted: number) => ({ at, emitted, body: `{"do":"${at}"}` });

    test('keep the order of commands, and the number of emitted events', async () => {
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      expect(await fixture.store.commands(fixture.account.key)).toEqual([]);
      expect(await fixture.store.emitted(fixture.account.key)).toBe(0);
      await fixture.store.appendCommand(fixture.account.key, command(9, 0));
      await fixture.store.appendCommand(fixture.account.key, command(3, 5));
      await fixture.store.appendCommand(other.key, command(1, 1));
      await fixture.store.saveEmitted(fixture.account.key, 7);
      await fixture.store.saveEmitted(fixture.account.key, 8);
      expect(await fixture.store.commands(fixture.account.key)).toEqual([
        command(9, 0),
        command(3, 5),
      ]);
      expect(await fixture.store.emitted(fixture.account.key)).toBe(8);
      expect(await fixture.store.commands(other.key)).toEqual([command(1, 1)]);
      expect(await fixture.store.emitted(other.key)).toBe(0);
    });
    test('save the number of emitted events with the events, or not at all', async () => {
      await fixture.store.publish(fixture.account.key, [event('evt_1')], 3);
      expect(await fixture.store.emitted(fixture.account.key)).toBe(3);
      expect(await fixture.store.publish(fixture.account.key, [event('evt_1')], 4)).toEqual({
        duplicateId: 'evt_1',
      });
      expect(await fixture.store.emitted(fixture.account.key)).toBe(3);
      await fixture.store.publish(fixture.account.key, [event('evt_2')]);
      expect(await fixture.store.emitted(fixture.account.key)).toBe(3);
    });
    test('count as work: their account is listed after a restart', async () => {
      if (harness.reopen === null) return;
      await fixture.store.openAccount('hash-idle', { seed: 1, clock });
      const busy = await fixture.store.openAccount('hash-busy', { seed: 1, clock });
      await fixture.store.appendCommand(busy.key, command(9, 0));
      fixture.store = await harness.reopen(fixture.store);
      expect(await fixture.store.accountsWithWork()).toEqual(['hash-busy']);
      const again = await fixture.store.openAccount('hash-busy', { seed: 1, clock });
      expect(await fixture.store.commands(again.key)).toEqual([command(9, 0)]);
    });
  });
};

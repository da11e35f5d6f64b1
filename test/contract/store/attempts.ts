/**
 * Claims, and the attempts that are recorded for them.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { failed, ended, clock, type StoreFixture } from './fixture.ts';

export const attemptsContract = (fixture: StoreFixture): void => {
  const { register, event, publish, claimOne, deliveries } = fixture;

  describe('claiming', () => {
    test('claims due deliveries once each, earliest first', async () => {
      const [a, b, c] = await publish(
        event('evt_a', 300),
        event('evt_b', 100),
        event('evt_c', 100),
      );
      await publish(event('evt_d', 301));
      const claims = await fixture.store.claimDue(fixture.webhook.key, 300, 2);
      expect(claims.map(({ delivery }) => delivery)).toEqual([b, c]);
      expect(claims[0]).toMatchObject({
        account: fixture.account.key,
        webhook: fixture.webhook.key,
        eventId: 'evt_b',
        eventType: 'email.sent',
        body: '{"id":"evt_b"}',
        signature: 'valid',
        attempt: 1,
        dueAt: 100,
      });
      expect(
        (await fixture.store.claimDue(fixture.webhook.key, 300, 10)).map(
          ({ delivery }) => delivery,
        ),
      ).toEqual([a]);
      expect(await fixture.store.claimDue(fixture.webhook.key, 300, 10)).toEqual([]);
    });
    test('reports the earliest due time of each webhook', async () => {
      const other = await register();
      await publish(event('evt_1', 300), event('evt_2', 200), event('evt_3', 700, other));
      expect(await fixture.store.nextDueAt(fixture.account.key)).toEqual(
        new Map([
          [fixture.webhook.key, 200],
          [other.key, 700],
        ]),
      );
      await claimOne();
      expect((await fixture.store.nextDueAt(fixture.account.key)).get(fixture.webhook.key)).toBe(
        300,
      );
    });
    test('can be repeated after a release', async () => {
      await publish(event('evt_1'));
      const claim = await claimOne();
      await fixture.store.release([claim.delivery]);
      expect(await claimOne()).toEqual(claim);
    });
  });

  describe('recording', () => {
    test('schedules the next attempt', async () => {
      await publish(event('evt_1'));
      await fixture.store.recordAttempts([failed(await claimOne(), 30_020)]);
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
      expect(await fixture.store.claimDue(fixture.webhook.key, 30_019, 1)).toEqual([]);
      expect((await claimOne(30_020)).attempt).toBe(2);
    });
    test('settles deliveries and preserves every attempt', async () => {
      await publish(event('evt_1'), event('evt_2'));
      const [one, two] = await fixture.store.claimDue(fixture.webhook.key, 1e9, 2);
      await fixture.store.recordAttempts([ended(one!, 'delivered'), failed(two!)]);
      const detail = await fixture.store.getDelivery(
        fixture.account.key,
        (await deliveries({ eventId: 'evt_2' }))[0]!.id,
      );
      expect(detail?.attempts).toEqual([failed(two!).attempt]);
      expect((await deliveries({ status: 'delivered' }))[0]).toMatchObject({
        settledAt: 20,
        dueAt: null,
        lastError: null,
      });
      expect((await fixture.store.counts(fixture.account.key)).deliveries).toMatchObject({
        delivered: 1,
        pending: 1,
        in_flight: 0,
      });
    });
    test('refuses a record that does not match its delivery, and writes the others', async () => {
      await publish(event('evt_1'), event('evt_2'), event('evt_3'));
      const [one, two, three] = await fixture.store.claimDue(fixture.webhook.key, 1e9, 3);
      expect(await fixture.store.recordAttempts([failed(two!)])).toEqual([]);
      const repeated = failed(two!);
      const skipped = failed({ ...three!, attempt: 2 });
      const unknown = failed({ ...three!, delivery: three!.delivery + 1 });
      const twice = [failed(one!), failed(one!)] as const;
      const records = [repeated, twice[0], unknown, skipped, twice[1]];
      expect(await fixture.store.recordAttempts(records)).toEqual([
        repeated,
        unknown,
        skipped,
        twice[1],
      ]);
      const made = (await deliveries()).map(({ eventId, attemptsMade }) => [eventId, attemptsMade]);
      expect(Object.fromEntries(made)).toEqual({ evt_1: 1, evt_2: 1, evt_3: 0 });
      expect(await fixture.store.recordAttempts([ended(three!, 'delivered')])).toEqual([]);
    });
    test('refuses records of an account that was reset', async () => {
      const other = await fixture.store.openAccount('hash-b', { seed: 1, clock });
      const hook = await register(other);
      await fixture.store.publish(other.key, [event('evt_b', 100, hook)]);
      const [flying] = await fixture.store.claimDue(hook.key, 1e9, 1);
      await publish(event('evt_1', 100, fixture.webhook, true));
      const [claimed] = await deliveries({ status: 'in_flight' });
      const record = ended({ ...flying!, delivery: claimed!.seq }, 'delivered');
      await fixture.store.resetAccount(fixture.account.key);
      expect(await fixture.store.recordAttempts([record, ended(flying!, 'delivered')])).toEqual([
        record,
      ]);
      expect((await fixture.store.counts(other.key)).deliveries).toMatchObject({ delivered: 1 });
    });
  });
};

/**
 * Hanging receivers do not delay others.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';

const ACCOUNTS = 3;
const WEBHOOKS_EACH = 100;

/** Far longer than the test: no attempt at a hanging receiver ends before. */
const NEVER_MS = 600_000;

test(
  'a healthy webhook gets its deliveries while 300 on one origin hang',
  { timeout: 120_000 },
  async () => {
    await using hanging = await startReceiver(() => undefined);
    await using healthy = await startReceiver();
    const mock = await createMock({ rateLimit: false, attemptTimeoutMs: NEVER_MS });
    try {
      const accounts = Array.from({ length: ACCOUNTS }, (_, index) => apiOf(mock.url, `${index}`));
      const fill = async (api: Api, account: number): Promise<void> => {
        for (let made = 1; made < WEBHOOKS_EACH; made += 1)
          await api.register(`${hanging.url}/${account}/${made}`, { events: ['email.sent'] });
        // The hundredth webhook of each account is healthy, as is the one of an account without any that hangs.
        await api.register(healthy.url, { events: ['email.opened'] });
        await api.trigger('email.sent', { count: 20 });
      };
      await Promise.all(accounts.map(fill));
      const alone = apiOf(mock.url, 'alone');
      await alone.register(healthy.url);
      // Each of the hanging webhooks has at least one attempt in flight.
      await expect
        .poll(() => new Set(hanging.received.map(({ path }) => path)).size, { timeout: 60_000 })
        .toBe(ACCOUNTS * (WEBHOOKS_EACH - 1));
      for (const api of [alone, ...accounts]) {
        for (let round = 0; round < 20; round += 1) {
          const id = await api.trigger('email.opened');
          expect((await api.settled(id)).status).toBe('delivered');
        }
      }
      expect(healthy.received).toHaveLength(20 * (ACCOUNTS + 1));
      // No attempt at the others has ended meanwhile.
      for (const api of accounts) {
        const { in_flight } = (await api.get('/_sandbox/clock')).data;
        expect(in_flight).toBeGreaterThanOrEqual(WEBHOOKS_EACH - 1);
      }
    } finally {
      await mock.close(0);
    }
  },
);

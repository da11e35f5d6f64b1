/**
 * Triggers of many events: published in batches, each kept or not as a whole.
 *
 * @module
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSandbox, type StartedSandbox } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';

let mock: StartedSandbox;
beforeEach(async () => {
  mock = await startSandbox({ clock: 'frozen', rateLimit: false });
});
afterEach(() => mock.close(0));

/** Lets `batches` batches be published, then one fail as on a full disk. */
const failAfter = (batches: number): void => {
  const { publish } = mock.store;
  let left = batches;
  Object.assign(mock.store, {
    publish: async (...args: Parameters<typeof publish>) => {
      if ((left -= 1) === -1) throw new Error('no space left on device');
      return publish(...args);
    },
  });
};

test('when a later batch fails, the answer says how many events to trigger again', async () => {
  await using receiver = await startReceiver();
  const api = apiOf(mock.url);
  await api.register(receiver.url);
  failAfter(3);
  const { status, data } = await api.send('POST', '/_sandbox/events', {
    event: 'email.sent',
    count: 10_000,
  });
  expect(status).toBe(202);
  const published: number = data.events.length;
  expect(published).toBeGreaterThan(0);
  expect(published).toBeLessThan(10_000);
  expect(data.deliveries).toHaveLength(published);
  expect(data.notice).toContain(`first ${published} events were published`);
  expect(data.notice).toContain(`other ${10_000 - published}`);
  await api.advance({ until: 'settled' });
  const ids = receiver.received.map(({ body }) => (JSON.parse(body) as { id: string }).id);
  expect(ids.toSorted()).toEqual(data.events.map(({ id }: { id: string }) => id).toSorted());
  // The next trigger finds nothing left behind by the one that failed.
  expect((await api.settled(await api.trigger())).status).toBe('delivered');
});

test('when the first batch fails, nothing is published, and the answer is an error', async () => {
  await using receiver = await startReceiver();
  const api = apiOf(mock.url);
  await api.register(receiver.url);
  failAfter(0);
  const { status } = await api.send('POST', '/_sandbox/events', {
    event: 'email.sent',
    count: 10_000,
  });
  expect(status).toBeGreaterThanOrEqual(500);
  expect((await api.get('/_sandbox/events')).data).toEqual([]);
  expect((await api.settled(await api.trigger())).status).toBe('delivered');
  expect(receiver.received).toHaveLength(1);
});

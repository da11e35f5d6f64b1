/**
 * Triggers of many or large events: bounded before anything happens, and no burden to other accounts.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';

// A large request takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', rateLimit: false });
});
afterAll(() => mock.close(0));

test.each([
  [10_000, 400_000],
  [700, 30_000],
])('%i events of %i bytes are refused before anything happens', async (count, size) => {
  const api = apiOf(mock.url, `large-${count}`);
  const data = { note: 'x'.repeat(size) };
  const { status, error } = await api.send('POST', '/_sandbox/events', {
    event: 'email.replied',
    data,
    count,
  });
  expect([status, error.code]).toEqual([422, 'VALIDATION_FAILED']);
  const bytes = Buffer.byteLength(JSON.stringify(data));
  expect(error.message).toContain(`"data" has ${bytes} bytes and "count" is ${count}`);
  const fits = Math.floor(16_777_216 / bytes);
  expect(error.message).toContain(`Lower "count" to ${fits}`);
  expect((await api.get('/_sandbox/events')).data).toEqual([]);
  if (count > 700) return;
  // The remedy helps.
  const again = await api.send('POST', '/_sandbox/events', {
    event: 'email.replied',
    data,
    count: fits,
  });
  expect(again.status).toBe(202);
  expect(again.data.events).toHaveLength(fits);
});

test('more deliveries than one request may make are refused before anything happens', async () => {
  const api = apiOf(mock.url, 'wide');
  await using receiver = await startReceiver();
  const ids: string[] = [];
  for (let made = 0; made < 6; made += 1) ids.push(await api.register(receiver.url));
  const ask = { event: 'email.sent', count: 10_000 };
  const { status, error } = await api.send('POST', '/_sandbox/events', ask);
  expect([status, error.code]).toEqual([422, 'VALIDATION_FAILED']);
  expect(error.message).toContain('"count" is 10000, and 6 webhooks subscribe to the event');
  expect((await api.get('/_sandbox/events')).data).toEqual([]);
  expect(receiver.received).toEqual([]);
});

test('while 5,000 events are published, other accounts are answered again and again', async () => {
  const api = apiOf(mock.url, 'busy');
  const other = apiOf(mock.url, 'other');
  await api.register('http://127.0.0.1:9/');
  await api.trigger();
  let over = false;
  let answered = 0;
  const published = api
    .send('POST', '/_sandbox/events', { event: 'email.replied', count: 5000 })
    .finally(() => {
      over = true;
    });
  while (!over) {
    expect((await other.get('/v1/webhooks')).status).toBe(200);
    answered += 1;
  }
  const { status, data } = await published;
  expect(status).toBe(202);
  expect(data.events).toHaveLength(5000);
  expect(data.deliveries).toHaveLength(5000);
  const order = data.deliveries.map(({ event_id: id }: { event_id: string }) => id);
  expect(order).toEqual(data.events.map(({ id }: { id: string }) => id));
  // One answer, if the event loop were held from the first event to the last.
  expect(answered).toBeGreaterThan(20);
});

/**
 * Accounts never see each other.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

test('webhooks, events, deliveries, dead letters and clocks are an account’s own', async () => {
  await using down = await startReceiver(answer(500));
  const [one, other] = [apiOf(mock.url, 'one'), apiOf(mock.url, 'other')];
  const { now } = (await other.get('/_sandbox/clock')).data;
  const webhook = await one.register(down.url);
  const delivery = await one.trigger('email.sent', { id: 'evt_shared' });
  await one.advance({ by: '1h' });

  for (const path of ['/v1/webhooks', '/_sandbox/events', '/_sandbox/deliveries']) {
    expect((await one.get(path)).data).toHaveLength(1);
    expect((await other.get(path)).data).toEqual([]);
  }
  for (const path of [
    `/v1/webhooks/${webhook}`,
    `/v1/webhooks/${webhook}/failed-events`,
    `/v1/webhooks/${webhook}/failed-events/evt_shared`,
    '/_sandbox/events/evt_shared',
    `/_sandbox/deliveries/${delivery}`,
    `/_sandbox/deliveries/${delivery}/wait`,
  ]) {
    expect((await one.get(path)).status).toBe(200);
    expect((await other.get(path)).status).toBe(404);
  }
  for (const [method, path, body] of [
    ['PATCH', `/v1/webhooks/${webhook}`, { status: 'paused' }],
    ['DELETE', `/v1/webhooks/${webhook}`, undefined],
    ['POST', `/v1/webhooks/${webhook}/failed-events/evt_shared/acknowledge`, undefined],
    ['POST', `/_sandbox/deliveries/${delivery}/redeliver`, {}],
    ['POST', '/_sandbox/events', { event: 'email.sent', webhook_id: webhook }],
  ] as const) {
    expect((await other.send(method, path, body)).status).toBe(404);
  }
  expect((await other.get('/_sandbox/clock')).data.now).toBe(now);
  expect((await other.get('/_sandbox/snapshot')).data.tables.webhook).toEqual([]);
  // The same event id is free in another account, and a reset empties one account alone.
  expect(
    (await other.send('POST', '/_sandbox/events', { event: 'email.sent', id: 'evt_shared' }))
      .status,
  ).toBe(202);
  await other.send('POST', '/_sandbox/reset');
  expect((await one.get('/_sandbox/events')).data).toHaveLength(1);
  expect((await one.get(`/v1/webhooks/${webhook}/failed-events`)).data).toHaveLength(1);
});

test('a cursor of another account opens nothing', async () => {
  const [first, second] = [apiOf(mock.url, 'cursor-1'), apiOf(mock.url, 'cursor-2')];
  await first.send('POST', '/_sandbox/events', { event: 'email.sent', count: 3 });
  await second.send('POST', '/_sandbox/events', { event: 'email.opened', count: 3 });
  const { meta } = await second.get('/_sandbox/events?limit=1');
  const { data } = await first.get(`/_sandbox/events?cursor=${meta.next_cursor}`);
  expect(data.every(({ event }: { event: string }) => event === 'email.sent')).toBe(true);
});

test('a stream reports events of its own account only', async () => {
  const [listener, stranger] = [apiOf(mock.url, 'stream-1'), apiOf(mock.url, 'stream-2')];
  const stop = new AbortController();
  const response = await fetch(`${mock.url}/_sandbox/stream`, {
    headers: { 'x-user-context': 'stream-1' },
    signal: stop.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value ?? '';
  expect(text).toContain('connected');
  await stranger.send('POST', '/_sandbox/events', { event: 'email.opened' });
  await listener.send('POST', '/_sandbox/events', { event: 'email.sent' });
  while (!text.includes('\nevent: event.published')) text += (await reader.read()).value ?? '';
  while (!text.endsWith('\n\n')) text += (await reader.read()).value ?? '';
  stop.abort();
  expect(text).toContain('"event":"email.sent"');
  expect(text).not.toContain('email.opened');
});

test('a hundred accounts work side by side', async () => {
  await using receiver = await startReceiver();
  const all = Array.from({ length: 100 }, (_, at) => apiOf(mock.url, `many-${at}`));
  await Promise.all(
    all.map(async (api) => {
      await api.register(receiver.url);
      await api.trigger('email.sent', { id: 'evt_same' });
      await api.advance({ by: '1m' });
      expect((await api.get('/_sandbox/deliveries')).data).toMatchObject([{ status: 'delivered' }]);
    }),
  );
  expect(receiver.received).toHaveLength(100);
});

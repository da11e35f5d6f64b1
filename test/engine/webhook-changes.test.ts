/**
 * A webhook that changes while one of its deliveries waits for a retry.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

/** An account whose first attempt has failed. */
const afterOneFailure = async (
  account: string,
  url: string,
): Promise<{ api: Api; webhook: string; id: string }> => {
  const api = apiOf(mock.url, account);
  const webhook = await api.register(url);
  const id = await api.trigger();
  await api.advance({ by: 0 });
  expect((await api.delivery(id)).status).toBe('pending');
  return { api, webhook, id };
};

test('deleted: the waiting delivery is cancelled and nothing more is sent', async () => {
  await using receiver = await startReceiver(answer(500));
  const { api, webhook, id } = await afterOneFailure('deleted', receiver.url);
  expect((await api.send('DELETE', `/v1/webhooks/${webhook}`)).status).toBe(200);
  const { status, next_attempt_at, attempts } = await api.delivery(id);
  expect(status).toBe('cancelled');
  expect(next_attempt_at).toBeNull();
  expect(attempts).toHaveLength(1);
  await api.advance({ by: '1h' });
  expect(receiver.received).toHaveLength(1);
});

test('deleted while an attempt is in flight: it is recorded, and not retried', async () => {
  let release = (): void => undefined;
  await using receiver = await startReceiver((_received, response) => {
    release = () => response.writeHead(500).end();
  });
  const api = apiOf(mock.url, 'deleted-in-flight');
  const webhook = await api.register(receiver.url);
  const id = await api.trigger();
  await receiver.arrived(1);
  expect((await api.delivery(id)).status).toBe('in_flight');
  await api.send('DELETE', `/v1/webhooks/${webhook}`);
  release();
  const delivery = await api.settled(id);
  expect(delivery.status).toBe('cancelled');
  expect(delivery.attempts.map(({ outcome }) => outcome)).toEqual(['non_2xx']);
  await api.advance({ by: '1h' });
  expect(receiver.received).toHaveLength(1);
});

test('paused: waiting retries stand still and new events are not queued; resumed: overdue ones run at once', async () => {
  await using receiver = await startReceiver((_received, response, count) => {
    response.writeHead(count === 1 ? 500 : 200).end();
  });
  const { api, webhook, id } = await afterOneFailure('paused', receiver.url);
  await api.send('PATCH', `/v1/webhooks/${webhook}`, { status: 'paused' });
  const { data } = await api.send('POST', '/_sandbox/events', { event: 'email.sent' });
  expect(data.deliveries).toEqual([]);
  expect(data.notice).toMatch(/no active webhook/i);
  await api.advance({ by: '1h' });
  expect(receiver.received).toHaveLength(1);
  expect((await api.delivery(id)).status).toBe('pending');
  await api.send('PATCH', `/v1/webhooks/${webhook}`, { status: 'active' });
  await api.advance({ by: 0 });
  const delivery = await api.delivery(id);
  expect(delivery.status).toBe('delivered');
  expect(Date.parse(delivery.attempts[1]!.started_at) - Date.parse(delivery.created_at)).toBe(
    3_600_000,
  );
});

test('another secret: the next attempt signs the same bytes with it', async () => {
  await using receiver = await startReceiver(answer(500));
  const { api, webhook } = await afterOneFailure('rotated', receiver.url);
  const rotated = await api.send('POST', `/v1/webhooks/${webhook}/rotate-secret`, {
    secret: 'whsec_the-new-one',
  });
  expect(rotated.status).toBe(200);
  expect(JSON.stringify(rotated.data)).not.toContain('whsec_');
  await api.advance({ until: 'next_attempt' });
  const [before, after] = receiver.received;
  expect(after?.body).toBe(before?.body);
  const expected = createHmac('sha256', 'whsec_the-new-one').update(after!.bytes).digest('hex');
  expect(after?.headers['x-sendemall-signature']).toBe(`sha256=${expected}`);
});

test('another URL: the next attempt goes there', async () => {
  await using old = await startReceiver(answer(500));
  await using moved = await startReceiver();
  const { api, webhook, id } = await afterOneFailure('moved', old.url);
  await api.send('PATCH', `/v1/webhooks/${webhook}`, { url: moved.url });
  await api.advance({ until: 'next_attempt' });
  const delivery = await api.delivery(id);
  expect(delivery.attempts.map(({ request }) => request.url)).toEqual([old.url, moved.url]);
  expect(delivery.status).toBe('delivered');
});

test('other events: what was planned before stays planned', async () => {
  await using receiver = await startReceiver((_received, response, count) => {
    response.writeHead(count === 1 ? 500 : 200).end();
  });
  const { api, webhook, id } = await afterOneFailure('other-events', receiver.url);
  await api.send('PATCH', `/v1/webhooks/${webhook}`, { events: ['email.sent'] });
  await api.advance({ until: 'next_attempt' });
  expect((await api.delivery(id)).status).toBe('delivered');
});

test('one receiver that hangs delays no other', async () => {
  await using hanging = await startReceiver(() => undefined);
  await using quick = await startReceiver();
  const api = apiOf(mock.url, 'no-delay');
  await api.register(hanging.url);
  const webhook = await api.register(quick.url);
  const { data: triggered } = await api.send('POST', '/_sandbox/events', {
    event: 'email.opened',
    count: 200,
  });
  // The hanging one holds its 16 places, and no more.
  await hanging.arrived(16);
  for (const delivery of triggered.deliveries) {
    if (delivery.webhook_id === webhook)
      expect((await api.settled(delivery.id)).status).toBe('delivered');
  }
  expect(hanging.received).toHaveLength(16);
  const { data } = await api.get('/_sandbox/clock');
  expect(data.in_flight).toBe(16);
  await api.send('POST', '/_sandbox/reset');
});

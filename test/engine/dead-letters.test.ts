/**
 * Dead letters: what a receiver missed, as it was sent, to be recovered and acknowledged.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { answer, startReceiver, type Receiver } from '../support/receiver.ts';

let mock: Mock;
let down: Receiver;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
  down = await startReceiver(answer(503));
});
afterAll(async () => {
  await mock.close();
  await down[Symbol.asyncDispose]();
});

const withDeadLetters = async (
  account: string,
  count: number,
): Promise<{ api: Api; path: string; webhook: string }> => {
  const api = apiOf(mock.url, account);
  const webhook = await api.register(down.url);
  await api.trigger('email.replied', { count });
  await api.advance({ by: '1h' });
  return { api, webhook, path: `/v1/webhooks/${webhook}/failed-events` };
};

test('a dead letter is the event as it was sent, with its attempts and last error', async () => {
  const before = down.received.length;
  const { api, path } = await withDeadLetters('dead-shape', 1);
  const { status, data } = await api.get(path);
  expect(status).toBe(200);
  expect(data).toHaveLength(1);
  const { failure, ...event } = data[0];
  expect(event).toEqual(JSON.parse(down.received[before]!.body));
  expect(failure).toMatchObject({ attempts: 4, last_status_code: 503, acknowledged_at: null });
  expect(failure.last_error).toContain('answered 503');
});

test('the guide’s recovery loop works: list, process, acknowledge', async () => {
  const { api, path } = await withDeadLetters('dead-loop', 3);
  const processed: string[] = [];
  for (const event of (await api.get(path)).data) {
    processed.push(event.id);
    expect((await api.send('POST', `${path}/${event.id}/acknowledge`)).status).toBe(200);
  }
  expect(new Set(processed).size).toBe(3);
  expect((await api.get(path)).data).toEqual([]);
  const { data } = await api.get('/_sandbox/deliveries?status=acknowledged');
  expect(data).toHaveLength(3);
});

test('acknowledging twice keeps the first time; reading an acknowledged one still works', async () => {
  const { api, path } = await withDeadLetters('dead-twice', 1);
  const { id } = (await api.get(path)).data[0];
  const first = await api.send('POST', `${path}/${id}/acknowledge`);
  await api.advance({ by: '1h' });
  const second = await api.send('POST', `${path}/${id}/acknowledge`);
  expect(second.status).toBe(200);
  expect(second.data).toEqual(first.data);
  const read = await api.get(`${path}/${id}`);
  expect(read.data.failure.acknowledged_at).not.toBeNull();
});

test('pages follow the cursor, oldest first, each dead letter once', async () => {
  const { api, path } = await withDeadLetters('dead-pages', 25);
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const { data, meta } = await api.get(`${path}?limit=10${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...data.map(({ id }: { id: string }) => id));
    cursor = meta.next_cursor;
  } while (cursor);
  expect(seen).toHaveLength(25);
  expect(new Set(seen).size).toBe(25);
});

test('what was never dead is no failed event: 404, and nothing changes', async () => {
  const { api, path } = await withDeadLetters('dead-unknown', 1);
  for (const [method, url] of [
    ['GET', `${path}/evt_nope`],
    ['POST', `${path}/evt_nope/acknowledge`],
  ] as const) {
    const { status, error } = await api.send(method, url);
    expect(status).toBe(404);
    expect(error.code).toBe('FAILED_EVENT_NOT_FOUND');
  }
  expect((await api.get('/v1/webhooks/whk_nope/failed-events')).error.code).toBe(
    'WEBHOOK_NOT_FOUND',
  );
});

test('a dead letter can be redelivered through the sandbox; it stays listed until it is acknowledged', async () => {
  const { api, path, webhook } = await withDeadLetters('dead-redeliver', 1);
  await using up = await startReceiver();
  await api.send('PATCH', `/v1/webhooks/${webhook}`, { url: up.url });
  const { data: dead } = await api.get('/_sandbox/deliveries?status=dead');
  const { data: again } = await api.send(
    'POST',
    `/_sandbox/deliveries/${dead[0].id}/redeliver`,
    {},
  );
  await api.advance({ by: 0 });
  expect((await api.delivery(again.id)).status).toBe('delivered');
  expect(up.received[0]?.body).toBe((await api.delivery(dead[0].id)).body);
  expect((await api.get(path)).data).toHaveLength(1);
});

test('a webhook’s dead letters go with it', async () => {
  const { api, path, webhook } = await withDeadLetters('dead-deleted', 1);
  await api.send('DELETE', `/v1/webhooks/${webhook}`);
  expect((await api.get(path)).error.code).toBe('WEBHOOK_NOT_FOUND');
});

/**
 * The request on the wire: the exact bytes, correctly signed, and only documented headers.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, SECRET } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'skip' });
});
afterAll(() => mock.close());

const hmac = (bytes: Buffer, secret = SECRET): string =>
  `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;

test('the signature is the HMAC of the raw bytes with the whole secret', async () => {
  await using receiver = await startReceiver();
  const api = apiOf(mock.url, 'signing-bytes');
  await api.register(receiver.url);
  const delivery = await api.settled(
    await api.trigger('email.replied', {
      data: { reply_preview: 'Ça va? 👩‍🚀 <b>"quoted"</b> \u2028 /slash' },
    }),
  );
  const [received] = receiver.received;
  expect(received?.headers['x-sendemall-signature']).toBe(hmac(received!.bytes));
  expect(received?.body).toBe(delivery.body);
  expect(JSON.parse(received!.body).data.reply_preview).toContain('👩‍🚀');
});

test('only documented headers are sent', async () => {
  await using receiver = await startReceiver();
  const api = apiOf(mock.url, 'signing-headers');
  await api.register(receiver.url);
  await api.settled(await api.trigger());
  const names = receiver.received[0]?.rawHeaders.filter((_, index) => index % 2 === 0);
  // Host, Connection and Content-Length are HTTP's own.
  expect(names?.toSorted()).toEqual(
    ['Content-Type', 'X-SendEmAll-Signature', 'connection', 'content-length', 'host'].toSorted(),
  );
  expect(receiver.received[0]?.headers['content-type']).toBe('application/json');
  expect(receiver.received[0]?.method).toBe('POST');
});

test('every attempt sends the same bytes', async () => {
  await using receiver = await startReceiver(answer(500));
  const api = apiOf(mock.url, 'signing-same');
  await api.register(receiver.url);
  await api.settled(await api.trigger());
  expect(receiver.received).toHaveLength(4);
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  expect(
    new Set(receiver.received.map(({ headers }) => headers['x-sendemall-signature'])).size,
  ).toBe(1);
});

test('the path and the query of the URL arrive as registered', async () => {
  await using receiver = await startReceiver();
  const api = apiOf(mock.url, 'signing-path');
  await api.register(`${receiver.url}/a%20b?tenant=7&x=%2F`);
  await api.settled(await api.trigger());
  expect(receiver.received[0]?.path).toBe('/webhooks/sendemall/a%20b?tenant=7&x=%2F');
});

test('a redelivery sends the same bytes; one with a wrong or missing signature does what it says', async () => {
  await using receiver = await startReceiver();
  const api = apiOf(mock.url, 'signing-redeliver');
  await api.register(receiver.url);
  const first = await api.trigger();
  await api.settled(first);
  for (const how of [
    {},
    { signature: 'wrong' },
    { signature: 'missing' },
    { body: '{"edited":true}' },
  ]) {
    const { status, data } = await api.send('POST', `/_sandbox/deliveries/${first}/redeliver`, how);
    expect(status).toBe(202);
    expect(data.redelivery_of).toBe(first);
    await api.settled(data.id);
  }
  const [original, same, wrong, missing, edited] = receiver.received;
  expect(same?.body).toBe(original?.body);
  expect(same?.headers['x-sendemall-signature']).toBe(original?.headers['x-sendemall-signature']);
  expect(wrong?.headers['x-sendemall-signature']).toMatch(/^sha256=[0-9a-f]{64}$/);
  expect(wrong?.headers['x-sendemall-signature']).not.toBe(hmac(wrong!.bytes));
  expect(missing?.headers).not.toHaveProperty('x-sendemall-signature');
  expect(edited?.body).toBe('{"edited":true}');
  expect(edited?.headers['x-sendemall-signature']).toBe(hmac(edited!.bytes));
});

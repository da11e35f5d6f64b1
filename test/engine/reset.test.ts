/**
 * Reset and restore while attempts are in flight: what belonged to the account's former content is gone with it, and
 * other accounts are not affected.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';

const burst = (api: Api, count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, () => api.trigger('email.sent')));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendemall-reset-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(['memory', 'file'])('with state in a %s', (where) => {
  let mock: Mock;
  let files = 0;
  beforeEach(async () => {
    const db = where === 'memory' ? null : join(folder, `${(files += 1)}.db`);
    mock = await createMock({ db, rateLimit: false });
  });
  afterEach(() => mock.close(0));

  test('a reset while attempts are in flight stops no account', async () => {
    await using receiver = await startReceiver();
    const other = apiOf(mock.url, 'other');
    await other.register(receiver.url);
    const api = apiOf(mock.url, 'reset');
    for (let round = 0; round < 5; round += 1) {
      await api.register(receiver.url);
      await burst(api, 20);
      await api.trigger('email.sent', { count: 20 });
      expect((await api.send('POST', '/_sandbox/reset')).status).toBe(200);
      expect((await other.settled(await other.trigger())).status).toBe('delivered');
    }
    await api.register(receiver.url);
    expect((await api.settled(await api.trigger())).status).toBe('delivered');
    expect((await api.get('/_sandbox/clock')).data.in_flight).toBe(0);
  });

  test('a reset cuts the attempts in flight, and their places are free again', async () => {
    const cut: Promise<void>[] = [];
    await using hanging = await startReceiver((_received, response) => {
      const closed = new Promise<void>((resolve) => {
        response.on('close', resolve);
      });
      cut.push(closed);
    });
    await using receiver = await startReceiver();
    const api = apiOf(mock.url, 'cut');
    await api.register(hanging.url);
    await api.trigger('email.sent', { count: 40 });
    await hanging.arrived(16);
    await api.send('POST', '/_sandbox/reset');
    await Promise.all(cut);
    // Only requests in flight have arrived: ready deliveries are no longer sent.
    expect(hanging.received).toHaveLength(16);
    await api.register(receiver.url);
    expect((await api.settled(await api.trigger())).status).toBe('delivered');
    expect(hanging.received).toHaveLength(16);
  });

  test('a result of the time before a restore is not recorded for the restored delivery', async () => {
    const held: (() => void)[] = [];
    await using receiver = await startReceiver((_received, response, count) => {
      if (count > 20) response.writeHead(204).end();
      else held.push(() => void response.writeHead(500).end());
    });
    const api = apiOf(mock.url, 'restored');
    await api.register(receiver.url);
    const id = await api.trigger('email.sent', { count: 20 });
    await receiver.arrived(16);
    const { data: snapshot } = await api.get('/_sandbox/snapshot');
    const restored = api.send('PUT', '/_sandbox/snapshot', snapshot);
    for (const release of held.splice(0)) release();
    expect((await restored).status).toBe(200);
    await receiver.arrived(20);
    for (const release of held.splice(0)) release();
    const delivery = await api.delivery(id);
    expect(delivery.attempts.map(({ number }) => number)).toEqual(
      delivery.attempts.map((_, index) => index + 1),
    );
    await api.send('PUT', '/_sandbox/clock', { mode: 'skip' });
    const settled = await api.settled(id);
    expect(settled.status).toBe('delivered');
    expect(settled.attempts_made).toBeLessThanOrEqual(2);
  });

  test('a reset ends a running advance, which answers', async () => {
    await using hanging = await startReceiver(() => undefined);
    const api = apiOf(mock.url, 'advancing');
    await api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    await api.register(hanging.url);
    await api.trigger();
    const advanced = api.advance({ until: 'settled' });
    await hanging.arrived(1);
    expect((await api.send('POST', '/_sandbox/reset')).status).toBe(200);
    expect(await advanced).toMatchObject({ attempts: 0 });
    expect((await api.get('/_sandbox/clock')).data).toMatchObject({ in_flight: 0, pending: 0 });
  });

  test('what is asked for during resets is done before or after them, never half', async () => {
    await using receiver = await startReceiver(answer(500));
    const api = apiOf(mock.url, 'mixed');
    await api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    const statuses = new Set<number>();
    const note = ({ status }: { status: number }): void => void statuses.add(status);
    const some = async (): Promise<void> => {
      for (let round = 0; round < 10; round += 1) {
        const made = await api.send('POST', '/v1/webhooks', {
          url: receiver.url,
          events: ['*'],
          secret: 'whsec_your-signing-secret',
        });
        note(made);
        note(await api.send('POST', '/_sandbox/events', { event: 'email.sent', count: 3 }));
        note(await api.send('POST', '/_sandbox/clock/advance', { by: '40s' }));
        if (round % 3 === 0) note(await api.send('POST', '/_sandbox/reset'));
        note(await api.send('DELETE', `/v1/webhooks/${made.data.id}`));
      }
    };
    await Promise.all([some(), some(), some()]);
    // 404: a reset came before the deletion.
    expect([...statuses].filter((status) => ![200, 201, 202, 204, 404].includes(status))).toEqual(
      [],
    );
    await api.send('POST', '/_sandbox/reset');
    expect((await api.get('/v1/webhooks')).data).toEqual([]);
    await api.register(receiver.url);
    const id = await api.trigger();
    await api.advance({ until: 'settled' });
    expect(await api.delivery(id)).toMatchObject({ status: 'dead', attempts_made: 4 });
  });
});

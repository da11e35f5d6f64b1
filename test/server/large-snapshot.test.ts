/**
 * Snapshots of many rows: one moment of the account, bounded, and no burden to other accounts.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';

// A large account takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'sendemall-snapshots-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${(files += 1)}.db`);

const trigger = async (api: Api, count: number): Promise<void> => {
  const { status } = await api.send('POST', '/_sandbox/events', { event: 'email.sent', count });
  expect(status).toBe(202);
};

describe.each([
  ['memory', () => null],
  ['a file', newFile],
])('an account of thousands of rows in %s', (_, db) => {
  test('is saved and loaded while other accounts are answered again and again', async () => {
    await using mock = await createMock({ clock: 'frozen', rateLimit: false, db: db() });
    const [api, other, copy] = ['large', 'other', 'copy'].map((key) => apiOf(mock.url, key));
    // Never answers, so all but a few deliveries wait.
    await using receiver = await startReceiver(() => undefined);
    await api!.register(receiver.url);
    for (let round = 0; round < 2; round += 1) await trigger(api!, 5000);

    const answeredDuring = async <T>(work: Promise<T>): Promise<readonly [T, number]> => {
      let over = false;
      let answered = 0;
      void work.finally(() => (over = true));
      while (!over) {
        expect((await other!.get('/v1/webhooks')).status).toBe(200);
        answered += 1;
      }
      return [await work, answered];
    };
    const [saved, whileSaving] = await answeredDuring(api!.get('/_sandbox/snapshot'));
    expect(saved.data.tables.event).toHaveLength(10_000);
    expect(saved.data.tables.delivery).toHaveLength(10_000);
    const [loaded, whileLoading] = await answeredDuring(
      copy!.send('PUT', '/_sandbox/snapshot', saved.data),
    );
    expect(loaded.status).toBe(200);
    expect((await copy!.get('/_sandbox/deliveries?limit=1')).data).toHaveLength(1);
    // In one piece, none would be answered but those that were on their way already.
    expect(Math.min(whileSaving, whileLoading)).toBeGreaterThan(2);
    await mock.close(0);
  });

  test('is saved as it was at one moment, whatever is asked of it meanwhile', async () => {
    await using receiver = await startReceiver((_received, response) =>
      response.writeHead(200).end(),
    );
    await using mock = await createMock({ clock: 'frozen', rateLimit: false, db: db() });
    const api = apiOf(mock.url, 'changing');
    await api.register(receiver.url);
    for (let round = 0; round < 2; round += 1) {
      // Attempts are under way, and more of everything is asked for, while it is read.
      await trigger(api, 1000);
      const saving = api.get('/_sandbox/snapshot');
      const busy = [
        trigger(api, 10),
        api.register(receiver.url, { events: ['email.unsubscribed'] }),
        api.advance({ until: 'settled' }),
      ];
      const { status, data } = await saving;
      expect(status).toBe(200);
      const { event, delivery, attempt, webhook } = data.tables;
      const made = delivery.reduce((sum: number, row: any) => sum + row.attempts_made, 0);
      expect(attempt).toHaveLength(made);
      expect(delivery).toHaveLength(event.length);
      const ids = new Set(webhook.map(({ key }: { key: number }) => key));
      expect(delivery.every((row: any) => ids.has(row.webhook))).toBe(true);
      await Promise.all(busy);
    }
    const { data } = await api.get('/_sandbox/snapshot');
    expect(data.tables.event).toHaveLength(2020);
    expect(data.tables.attempt).toHaveLength(2020);
    expect((await apiOf(mock.url, 'copy').send('PUT', '/_sandbox/snapshot', data)).status).toBe(
      200,
    );
  });

  describe('that is larger than what is read ahead', () => {
    /** Each round is 16 MB. */
    const start = async (rounds: number) => {
      const mock = await createMock({ clock: 'frozen', rateLimit: false, db: db() });
      const api = apiOf(mock.url, 'too-large');
      const data = { note: 'x'.repeat(400_000) };
      for (let round = 0; round < rounds; round += 1) {
        const ask = { event: 'email.replied', data, count: 40 };
        expect((await api.send('POST', '/_sandbox/events', ask)).status).toBe(202);
      }
      return { mock, api };
    };
    const read = (url: string, method = 'GET'): Promise<Response> =>
      fetch(`${url}/_sandbox/snapshot`, { method, headers: { 'x-user-context': 'too-large' } });

    test('is read in full, and put back', async () => {
      const { mock, api } = await start(5);
      await using _ = mock;
      const { data } = await api.get('/_sandbox/snapshot');
      expect(data.tables.event).toHaveLength(200);
      expect(JSON.parse(data.tables.event[199].body).data.note).toHaveLength(400_000);
      await api.send('POST', '/_sandbox/reset');
      expect((await api.send('PUT', '/_sandbox/snapshot', data)).status).toBe(200);
      const { data: again } = await api.get('/_sandbox/snapshot');
      expect(JSON.stringify(again.tables.event) === JSON.stringify(data.tables.event)).toBe(true);
    });

    test('waits for a client that reads slowly, and goes on once the client has gone', async () => {
      // More than the buffers of two sockets hold besides.
      const { mock, api } = await start(8);
      await using _ = mock;
      const response = await read(mock.url);
      expect(response.headers.get('content-length')).toBeNull();
      let isRegistered = false;
      const registered = api.register('http://127.0.0.1:9/').then(() => (isRegistered = true));
      await apiOf(mock.url, 'other').get('/v1/webhooks');
      expect(isRegistered).toBe(false);
      await response.body!.cancel();
      await registered;
      await trigger(api, 1);
    });

    test('does not wait for a client that asks for the headers only', async () => {
      const { mock, api } = await start(5);
      await using _ = mock;
      expect((await read(mock.url, 'HEAD')).status).toBe(200);
      await api.register('http://127.0.0.1:9/');
    });
  });
});

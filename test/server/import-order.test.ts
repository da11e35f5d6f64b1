/**
 * Requests that arrive while a snapshot is imported into their account take effect after the import.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { nextTurn } from '../../src/domain/event-loop.ts';
import { apiOf, type Api, type Reply } from '../support/api.ts';
import { tablesOf } from '../support/dump.ts';

// A large account takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const ROWS = 5000;
const NOT_YET = Date.parse('2090-01-01T00:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'sendemall-order-'));
const db = join(folder, 'state.db');

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', rateLimit: false, db });
});
afterAll(async () => {
  await mock.close(0);
  rmSync(folder, { recursive: true });
});

/** Registers a webhook, and starts to load a snapshot; resolves when the first rows of it are in the file. */
const startLoading = async (
  prefix: string,
): Promise<{ api: Api; webhook: string; snapshot: any; loading: Promise<Reply> }> => {
  const api = apiOf(mock.url, prefix);
  const webhook = await api.register('http://127.0.0.1:9/');
  const { data } = await api.get('/_sandbox/snapshot');
  const snapshot = { ...data, tables: tablesOf(ROWS, prefix, NOT_YET) };
  let over = false;
  const loading = api.send('PUT', '/_sandbox/snapshot', snapshot).finally(() => (over = true));
  while (![db, `${db}-wal`].some((file) => readFileSync(file).includes(`${prefix}_0`))) {
    await nextTurn();
  }
  expect(over).toBe(false);
  return { api, webhook, snapshot, loading };
};

const webhooksOf = async (api: Api): Promise<string[]> =>
  (await api.get<{ id: string }[]>('/v1/webhooks')).data.map(({ id }) => id);

test('a reset empties what the snapshot brought', async () => {
  const { api, loading } = await startLoading('evt_reset');
  expect((await api.send('POST', '/_sandbox/reset')).status).toBe(200);
  expect((await loading).status).toBe(200);
  expect(await webhooksOf(api)).toEqual([]);
  expect((await api.get('/_sandbox/events')).data).toEqual([]);
  expect((await api.get('/_sandbox/clock')).data).toMatchObject({ pending: 0, in_flight: 0 });
});

test('the webhook that it replaces is not there to be deleted', async () => {
  const { api, webhook, loading } = await startLoading('evt_old');
  const deleted = await api.send('DELETE', `/v1/webhooks/${webhook}`);
  expect([deleted.status, deleted.error.code]).toEqual([404, 'WEBHOOK_NOT_FOUND']);
  expect((await loading).status).toBe(200);
  expect(await webhooksOf(api)).toEqual(['whk_evt_old']);
  expect((await api.get('/_sandbox/clock')).data).toMatchObject({ pending: ROWS });
});

test('the webhook that it brings is deleted', async () => {
  const { api, loading } = await startLoading('evt_brought');
  expect((await api.send('DELETE', '/v1/webhooks/whk_evt_brought')).status).toBe(200);
  expect((await loading).status).toBe(200);
  expect(await webhooksOf(api)).toEqual([]);
  expect((await api.get('/_sandbox/clock')).data).toMatchObject({ pending: 0 });
});

test('an event goes to the webhook that it brings', async () => {
  const { api, loading } = await startLoading('evt_more');
  await api.trigger('email.sent', { id: 'evt_later' });
  expect((await loading).status).toBe(200);
  const { data } = await api.get('/_sandbox/deliveries?event_id=evt_later');
  expect(data).toMatchObject([{ webhook_id: 'whk_evt_more' }]);
  const { event } = (await api.get('/_sandbox/snapshot')).data.tables;
  expect(event).toHaveLength(ROWS + 1);
});

test('another snapshot comes in its place', async () => {
  const { api, snapshot, loading } = await startLoading('evt_first');
  const second = { ...snapshot, tables: tablesOf(7, 'evt_second', NOT_YET) };
  expect((await api.send('PUT', '/_sandbox/snapshot', second)).status).toBe(200);
  expect((await loading).status).toBe(200);
  expect(await webhooksOf(api)).toEqual(['whk_evt_second']);
  expect((await api.get('/_sandbox/events')).data).toHaveLength(7);
});

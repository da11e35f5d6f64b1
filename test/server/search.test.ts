/**
 * The filter of the list of deliveries: finds what matches however old it is, in bounded requests.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ListedDelivery } from '../../schemas/sandbox.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-search-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** More than two requests search. */
const NEWER = 12_000;

describe.each(['memory', 'a file'])('in %s', (where) => {
  let mock: Mock;
  let api: Api;
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await startReceiver((request, response) => {
      response.writeHead(request.body.includes('Sarah@') ? 401 : 200).end();
    });
    const db = where === 'memory' ? null : join(folder, 'search.db');
    mock = await createMock({ clock: 'skip', db });
    api = apiOf(mock.url);
    await api.register(receiver.url);
    await api.send('POST', '/_sandbox/faults', { fault: 'tampered_body', times: 1 });
    const faulty = await api.trigger('email.sent', { data: { lead_email: 'fay@acme.example' } });
    await api.settled(faulty);
    const refused = await api.trigger('email.sent', { data: { lead_email: 'Sarah@acme.example' } });
    await api.settled(refused);
    await api.send('POST', `/_sandbox/deliveries/${faulty}/redeliver`, { signature: 'wrong' });
    for (let made = 0; made < NEWER; made += 6000) {
      const more = { count: 6000, data: { lead_email: 'other@lead.example' } };
      await api.send('POST', '/_sandbox/events', { event: 'email.opened', ...more });
    }
    await api.advance({ until: 'settled' });
  }, 120_000);
  afterAll(async () => {
    await mock.close();
    await receiver[Symbol.asyncDispose]();
  });

  const page = (filter: string, cursor = '', limit = 100) =>
    api.get<ListedDelivery[]>(
      `/_sandbox/deliveries?limit=${limit}&filter=${encodeURIComponent(filter)}${cursor && `&cursor=${cursor}`}`,
    );

  const findAll = async (filter: string) => {
    const found: ListedDelivery[] = [];
    const searched: number[] = [];
    for (let cursor = ''; ;) {
      const { data, meta } = await page(filter, cursor);
      found.push(...data);
      searched.push((meta as unknown as { searched: number }).searched);
      expect(meta).toMatchObject({ total: NEWER + 3 });
      if (meta.next_cursor == null) return { found, searched };
      cursor = meta.next_cursor;
    }
  };

  test.each([
    ['lead:sarah@', ['dlv_2']],
    ['"ACME"', ['dlv_3', 'dlv_2', 'dlv_1']],
    ['is:forged', ['dlv_3']],
    ['is:faulty', []],
    ['why:401', ['dlv_2']],
    ['attempts>1', ['dlv_2', 'dlv_1']],
    ['lead:*@acme.example -is:redelivery', ['dlv_2', 'dlv_1']],
    ['id:dlv_2 lead:sarah', ['dlv_2']],
  ])('%s finds %j, in requests that search at most 5,000 deliveries each', async (filter, ids) => {
    const { found, searched } = await findAll(filter);
    expect(found.map(({ id }) => id)).toEqual(ids);
    expect(searched).toEqual([5000, 10_000, NEWER + 3]);
  });

  test('what is indexed is found at once', async () => {
    const { found, searched } = await findAll('status:dead event:email.sent lead:sarah');
    expect(found.map(({ id }) => id)).toEqual(['dlv_2']);
    expect(searched).toEqual([NEWER + 3]);
  });

  test('a full page ends the search, and the next one goes on behind it', async () => {
    const first = await page('event:email.*', '', 7);
    const second = await page('event:email.*', first.meta.next_cursor ?? '', 7);
    const ids = [...first.data, ...second.data].map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 14 }, (_, at) => `dlv_${NEWER + 3 - at}`));
    expect(second.meta).toMatchObject({ searched: 14 });
  });

  test('each row has its lead and its fault', async () => {
    const { data } = await api.get<ListedDelivery[]>('/_sandbox/deliveries?event=email.sent');
    expect(data.map(({ id, lead_email: lead }) => [id, lead])).toEqual([
      ['dlv_3', 'fay@acme.example'],
      ['dlv_2', 'Sarah@acme.example'],
      ['dlv_1', 'fay@acme.example'],
    ]);
  });

  test.each([
    ['colour:red', 'Invalid filter. Unknown key "colour".'],
    ['status:ded', 'Invalid filter. Unknown value "ded" of status.'],
  ])('%s is refused', async (filter, message) => {
    const { status, error } = await page(filter);
    expect([status, error.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(error.message).toContain(message);
  });
});

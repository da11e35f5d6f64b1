/**
 * Pages of large items: a page ends early, its cursor goes on, and nothing is left out.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { LIMITS } from '../../schemas/contract.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { settings } from '../support/campaign.ts';

vi.setConfig({ testTimeout: 60_000 });

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', rateLimit: false, seed: 1 });
});
afterAll(() => mock.close(0));

/** The largest that one body can bring. */
const LARGE = 'x'.repeat(LIMITS.maxBodyBytes - 10_000);

/** All pages of a list, one ID an item. */
const pagesOf = async (api: Api, path: string): Promise<readonly (readonly string[])[]> => {
  const pages: (readonly string[])[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await api.get(`${path}?limit=100${cursor}`);
    expect(page.status).toBe(200);
    expect(JSON.stringify(page.data).length).toBeLessThan(
      LIMITS.maxPageCharacters + 2 * LIMITS.maxBodyBytes,
    );
    pages.push((page.data as { id: string }[]).map(({ id }) => id));
    const next = page.meta.next_cursor as string | null;
    cursor = next === null ? null : `&cursor=${next}`;
  }
  return pages;
};

const expectAll = (pages: readonly (readonly string[])[], count: number): void => {
  expect(new Set(pages.flat()).size).toBe(count);
  expect(pages.flat()).toHaveLength(count);
  expect(pages.length).toBeGreaterThan(1);
};

test('events', async () => {
  const api = apiOf(mock.url, 'events');
  for (let round = 0; round < 3; round += 1) {
    const body = { event: 'email.sent', count: 8, data: { note: LARGE } };
    expect((await api.send('POST', '/_sandbox/events', body)).status).toBe(202);
  }
  expectAll(await pagesOf(api, '/_sandbox/events'), 24);
});

test('failed events', async () => {
  const api = apiOf(mock.url, 'dead');
  const webhook = await api.register('http://127.0.0.1:9/');
  await api.send('POST', '/_sandbox/events', {
    event: 'email.sent',
    count: 12,
    data: { note: LARGE },
  });
  await api.send('POST', '/_sandbox/clock/advance', { by: '1h' });
  expectAll(await pagesOf(api, `/v1/webhooks/${webhook}/failed-events`), 12);
});

test('leads', async () => {
  const api = apiOf(mock.url, 'leads');
  const { data: campaign } = await api.send('POST', '/v1/campaigns', settings());
  for (let number = 0; number < 8; number += 1) {
    const lead = { email: `lead-${number}@acme.example`, custom_fields: { note: LARGE } };
    const { status } = await api.send('POST', `/v1/campaigns/${campaign.id}/leads`, {
      leads: [lead],
    });
    expect(status).toBe(201);
  }
  expectAll(await pagesOf(api, `/v1/campaigns/${campaign.id}/leads`), 8);
});

test('items that are small fill a page, whatever the limit', async () => {
  const api = apiOf(mock.url, 'small');
  await api.send('POST', '/_sandbox/events', { event: 'email.sent', count: 50 });
  for (const limit of [1, 15, 16, 17, 32, 49, 50, 100]) {
    const { data, meta } = await api.get(`/_sandbox/events?limit=${limit}`);
    expect(data).toHaveLength(Math.min(limit, 50));
    expect(meta.next_cursor === null).toBe(limit >= 50);
  }
});

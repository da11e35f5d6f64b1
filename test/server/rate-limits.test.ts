/**
 * The provider's limits: 60 requests and 10 new campaigns a minute and key.
 *
 * @module
 */
import { afterEach, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { rateLimitExceeded } from '../../src/domain/problems.ts';
import { createWindow } from '../../src/server/rate-limits.ts';
import { apiOf } from '../support/api.ts';
import { settings } from '../support/campaign.ts';

let mock: Mock;
afterEach(() => mock?.close());

describe('requests', () => {
  test('number 61 of a minute is refused, and says when to come back', async () => {
    mock = await createMock();
    const api = apiOf(mock.url);
    for (let asked = 0; asked < 60; asked += 1)
      expect((await api.get('/v1/webhooks')).status).toBe(200);
    const { status, error, headers } = await api.get('/v1/webhooks');
    const wait = Number(headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect(status).toBe(429);
    expect(error).toEqual({
      code: 'RATE_LIMIT_EXCEEDED',
      message: `Rate limit exceeded: this key made 60 requests in the last minute. Retry in ${wait} s, or start the sandbox with --no-rate-limit.`,
      status: 429,
      retry_after: wait,
    });
    expect(headers.get('x-request-id')).toMatch(/^req_/);
  });

  test('of other keys, and to the sandbox itself, are not counted', async () => {
    mock = await createMock();
    const api = apiOf(mock.url);
    for (let asked = 0; asked < 61; asked += 1) await api.get('/v1/campaigns');
    expect((await api.get('/v1/campaigns')).status).toBe(429);
    expect((await api.get('/_sandbox/clock')).status).toBe(200);
    expect((await apiOf(mock.url, 'other').get('/v1/campaigns')).status).toBe(200);
  });

  test('that are refused change nothing', async () => {
    mock = await createMock();
    const api = apiOf(mock.url);
    for (let asked = 0; asked < 60; asked += 1) await api.get('/v1/webhooks/whk_nope');
    expect((await api.send('POST', '/v1/campaigns', settings())).status).toBe(429);
    const { data } = await api.get('/_sandbox/snapshot');
    expect(data.tables.command).toEqual([]);
  });
});

test('new campaigns: number 11 of a minute is refused', async () => {
  mock = await createMock();
  const api = apiOf(mock.url);
  for (let made = 0; made < 10; made += 1)
    expect((await api.send('POST', '/v1/campaigns', settings())).status).toBe(201);
  const { status, error } = await api.send('POST', '/v1/campaigns', settings());
  expect(status).toBe(429);
  expect(error.message).toMatch(/this key made 10 campaigns/);
  expect((await api.get('/v1/campaigns')).data).toHaveLength(10);
});

test('the same campaign again, by its Idempotency-Key, is no new one', async () => {
  mock = await createMock();
  const api = apiOf(mock.url);
  const key = { 'idempotency-key': 'one' };
  for (let asked = 0; asked < 12; asked += 1)
    expect((await api.send('POST', '/v1/campaigns', settings(), key)).status).toBe(201);
});

test('no rate limits apply if they are switched off', async () => {
  mock = await createMock({ rateLimit: false });
  const api = apiOf(mock.url);
  for (let made = 0; made < 15; made += 1) await api.send('POST', '/v1/campaigns', settings());
  for (let asked = 0; asked < 70; asked += 1)
    expect((await api.get('/v1/campaigns?limit=1')).status).toBe(200);
});

test('a minute is any minute, of real time', () => {
  let now = 0;
  const window = createWindow(2, 'requests', () => now);
  window(1);
  now = 30_000;
  window(1);
  now = 59_500;
  expect(() => window(1)).toThrow(rateLimitExceeded(2, 'requests', 1));
  now = 60_000;
  window(1);
  now = 60_001;
  expect(() => window(1)).toThrow(rateLimitExceeded(2, 'requests', 30));
  window(2);
});

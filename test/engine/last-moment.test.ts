/**
 * The end of the year 9999 is the last moment that can be written: clocks stop there, and nothing breaks.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { leads, startCampaign } from '../support/campaign.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const LAST = '9999-12-31T23:59:59.999Z';

let down: Receiver;
beforeAll(async () => {
  down = await startReceiver((_, response) => response.writeHead(500).end());
});
afterAll(() => down[Symbol.asyncDispose]());

test('an advance past it is refused with field, value and remedy, and changes nothing', async () => {
  await using mock = await createMock({ clock: 'frozen', clockStart: '9999-12-31T00:00:00Z' });
  const api = apiOf(mock.url);
  for (const by of ['2d', 'PT99999999999H', 86_400_000]) {
    const { status, error } = await api.send('POST', '/_sandbox/clock/advance', { by });
    expect([status, error.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(error.message).toMatch(
      /^"by" is \d.* ms, which would move .* past 9999-12-31T23:59:59\.999Z/,
    );
    expect(error.message).toContain('Advance by at most 86399999 ms');
  }
  expect((await api.get('/_sandbox/clock')).data.now).toBe('9999-12-31T00:00:00.000Z');
});

test('a retry that would be due later is due then, and the delivery dies like any other', async () => {
  await using mock = await createMock({ clock: 'frozen', clockStart: '9999-12-31T23:58:00Z' });
  const api = apiOf(mock.url);
  await api.register(down.url);
  const id = await api.trigger();
  await api.advance({ until: 'settled' });
  const { status, attempts, settled_at: settledAt } = await api.delivery(id);
  expect(status).toBe('dead');
  expect(attempts.map(({ started_at }) => started_at)).toEqual([
    '9999-12-31T23:58:00.000Z',
    '9999-12-31T23:58:30.000Z',
    LAST,
    LAST,
  ]);
  expect(settledAt).toBe(LAST);
  const { data } = await api.get('/_sandbox/snapshot');
  expect((await api.send('PUT', '/_sandbox/snapshot', data)).status).toBe(200);
});

test.each(['realtime', '100000x', 'skip'] as const)(
  'a clock that runs (%s) stops there, with campaigns',
  async (clock) => {
    await using mock = await createMock({
      clock,
      clockStart: '9999-12-31T23:59:59.900Z',
      rateLimit: false,
    });
    const api = apiOf(mock.url);
    await api.register(down.url);
    const campaign = await startCampaign(api, leads(5));
    const id = await api.trigger();
    expect(await api.settled(id)).toMatchObject({ status: 'dead', settled_at: LAST });
    expect((await api.get('/_sandbox/clock')).data.now).toBe(LAST);
    expect((await api.get(`/v1/campaigns/${campaign}`)).status).toBe(200);
    const { status, data } = await api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    expect([status, data.now]).toEqual([200, LAST]);
  },
);

/**
 * Changes of the system date, made manually, by NTP or by suspending the machine: what follows them and what does not.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';

const HOUR = 3_600_000;

const { now: machineDate } = Date;
let offset = 0;

/** Sets the system's date on or back for this process. */
const step = (by: number): void => {
  offset += by;
  vi.spyOn(Date, 'now').mockImplementation(() => machineDate() + offset);
};
afterEach(() => {
  offset = 0;
  vi.restoreAllMocks();
});

const shown = async (api: Api): Promise<number> =>
  Date.parse((await api.get('/_sandbox/clock')).data.now);

test('a step back moves no clock back, and no retry waits longer', async () => {
  await using receiver = await startReceiver((_received, response, count) => {
    response.writeHead(count === 1 ? 500 : 200).end();
  });
  await using mock = await createMock({ clock: '1000x' });
  const api = apiOf(mock.url);
  await api.register(receiver.url);
  const before = await shown(api);
  step(-HOUR);
  expect(await shown(api)).toBeGreaterThanOrEqual(before);
  const id = await api.trigger();
  expect((await api.settled(id)).attempts).toHaveLength(2);
});

test('a step forward is followed, as after a night’s sleep: what fell due is attempted', async () => {
  await using receiver = await startReceiver((_received, response, count) => {
    response.writeHead(count === 1 ? 500 : 200).end();
  });
  await using mock = await createMock();
  const api = apiOf(mock.url);
  await api.register(receiver.url);
  const id = await api.trigger();
  const before = await shown(api);
  await vi.waitUntil(async () => (await api.delivery(id)).attempts_made === 1);
  step(HOUR);
  expect((await shown(api)) - before).toBeGreaterThanOrEqual(HOUR);
  // Any activity makes the dispatcher check; otherwise it checks once a minute.
  await api.trigger();
  expect((await api.settled(id)).attempts).toHaveLength(2);
});

test.each([-HOUR, HOUR])('an attempt’s time limit does not notice a step of %i ms', async (by) => {
  const held: (() => void)[] = [];
  await using receiver = await startReceiver((_received, response) => {
    held.push(() => response.end());
  });
  await using mock = await createMock({ clock: 'frozen' });
  const api = apiOf(mock.url);
  await api.register(receiver.url);
  const id = await api.trigger();
  await receiver.arrived(1);
  step(by);
  // A second attempt has the limits looked at.
  await api.trigger('email.opened');
  await receiver.arrived(2);
  expect((await api.delivery(id)).status).toBe('in_flight');
  for (const release of held) release();
  expect((await api.settled(id)).status).toBe('delivered');
});

test('a date that was set back while the sandbox was down holds up nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sendemall-time-'));
  const db = join(folder, 'state.db');
  await using receiver = await startReceiver(answer(200));
  const first = await createMock({ db, clock: '1000x' });
  await apiOf(first.url).register(receiver.url);
  const before = await shown(apiOf(first.url));
  await first.close();
  step(-HOUR);
  const second = await createMock({ db });
  const api = apiOf(second.url);
  expect(await shown(api)).toBeGreaterThanOrEqual(before);
  expect((await api.settled(await api.trigger())).status).toBe('delivered');
  await second.close();
  await rm(folder, { recursive: true });
});

test('a rate limit ends after its minute, whatever the date', async () => {
  await using mock = await createMock({ clock: 'frozen' });
  const api = apiOf(mock.url);
  const statuses = async (count: number): Promise<readonly number[]> =>
    Promise.all(Array.from({ length: count }, async () => (await api.get('/v1/webhooks')).status));
  expect(new Set(await statuses(60))).toEqual(new Set([200]));
  for (const by of [HOUR, -2 * HOUR]) {
    step(by);
    const { status, headers } = await api.get('/v1/webhooks');
    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
  }
});

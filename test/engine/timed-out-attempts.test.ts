/**
 * A timed-out attempt takes ten seconds on the account's clock, and nothing is dated after what that clock shows.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryDetail } from '../../schemas/sandbox.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

/** Seconds from the first attempt to each, when every one times out. */
const LADDER = [0, 40, 350, 2160];
const LIMIT_SECONDS = 10;

let mock: Mock;
let hanging: Receiver;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', attemptTimeoutMs: 200 });
  hanging = await startReceiver(() => undefined);
});
afterAll(async () => {
  await mock.close(0);
  await hanging[Symbol.asyncDispose]();
});

const seconds = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

const offsets = ({ attempts }: DeliveryDetail): number[] =>
  attempts.map(({ started_at }) => seconds(attempts[0]!.started_at, started_at));

/** The delivery, after checking that none of its times is ahead of the clock. */
const look = async (api: Api, id: string): Promise<DeliveryDetail> => {
  const delivery = await api.delivery(id);
  const { now } = (await api.get<{ now: string }>('/_sandbox/clock')).data;
  const times = [delivery.created_at, delivery.settled_at ?? now];
  for (const { started_at, ended_at } of delivery.attempts) {
    expect(Date.parse(started_at)).toBeLessThanOrEqual(Date.parse(ended_at));
    times.push(ended_at);
  }
  for (const time of times) expect(Date.parse(time)).toBeLessThanOrEqual(Date.parse(now));
  return delivery;
};

const begin = async (key: string): Promise<{ api: Api; webhook: string; id: string }> => {
  const api = apiOf(mock.url, key);
  const webhook = await api.register(hanging.url);
  return { api, webhook, id: await api.trigger() };
};

describe('frozen', () => {
  test('a timed-out attempt is in flight until the clock was advanced by ten seconds', async () => {
    const { api, id } = await begin('frozen-steps');
    for (const by of ['0s', '5s', '4999ms']) {
      expect(await api.advance({ by })).toMatchObject({ attempts: 0 });
      expect(await look(api, id)).toMatchObject({ status: 'in_flight', attempts: [] });
      const { data } = await api.get('/_sandbox/clock');
      expect(data).toMatchObject({ in_flight: 1, next_due_at: null });
    }
    expect(await api.advance({ by: '1ms' })).toMatchObject({ attempts: 1 });
    const { status, attempts, next_attempt_at } = await look(api, id);
    expect(status).toBe('pending');
    expect(seconds(attempts[0]!.started_at, attempts[0]!.ended_at)).toBe(LIMIT_SECONDS);
    expect(seconds(attempts[0]!.ended_at, next_attempt_at!)).toBe(30);
  });

  test.each(['1h', '50s', '10s'])(
    'the attempts of an event that always times out keep their times in steps of %s',
    { timeout: 60_000 },
    async (by) => {
      const { api, id } = await begin(`frozen-ladder-${by}`);
      let delivery = await look(api, id);
      while (delivery.status !== 'dead') {
        await api.advance({ by });
        delivery = await look(api, id);
      }
      expect(offsets(delivery)).toEqual(LADDER);
      expect(seconds(delivery.created_at, delivery.settled_at!)).toBe(2160 + LIMIT_SECONDS);
    },
  );

  test('a dead letter is dated at most what the clock shows', async () => {
    const { api, webhook, id } = await begin('frozen-dead');
    await api.advance({ by: '2165s' });
    expect(await look(api, id)).toMatchObject({ status: 'in_flight', attempts_made: 3 });
    const { to } = await api.advance({ until: 'settled' });
    const { data } = await api.get(`/v1/webhooks/${webhook}/failed-events`);
    expect(data).toHaveLength(1);
    // The provider's API shows whole seconds.
    expect(Date.parse(data[0].failure.failed_at)).toBe(Math.floor(Date.parse(to) / 1000) * 1000);
    expect(await look(api, id)).toMatchObject({ status: 'dead', settled_at: to });
  });

  test('an advance to the next attempt ends when that has timed out', async () => {
    const { api, id } = await begin('frozen-next');
    const { from, to } = await api.advance({ until: 'next_attempt' });
    expect(seconds(from, to)).toBe(LIMIT_SECONDS);
    expect(await look(api, id)).toMatchObject({ status: 'pending', attempts_made: 1 });
  });

  test('a deleted webhook leaves no delivery in flight', async () => {
    const { api, webhook, id } = await begin('frozen-deleted');
    await api.advance({ by: '5s' });
    expect((await api.send('DELETE', `/v1/webhooks/${webhook}`)).status).toBe(200);
    expect(await api.settled(id)).toMatchObject({ status: 'cancelled' });
    await look(api, id);
    expect((await api.get('/_sandbox/clock')).data.in_flight).toBe(0);
  });

  test('a sandbox closes although the clock has not reached the end of an attempt', async () => {
    const short = await createMock({ clock: 'frozen', attemptTimeoutMs: 200 });
    const api = apiOf(short.url);
    await api.register(hanging.url);
    await api.trigger();
    await api.advance({ by: 0 });
    const started = performance.now();
    await short.close(60_000);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

test('skip jumps to the end of a timed-out attempt', async () => {
  const api = apiOf(mock.url, 'skip');
  await api.send('PUT', '/_sandbox/clock', { mode: 'skip' });
  await api.register(hanging.url);
  const id = await api.trigger();
  await api.settled(id);
  const delivery = await look(api, id);
  expect(offsets(delivery)).toEqual(LADDER);
  expect(seconds(delivery.created_at, delivery.settled_at!)).toBe(2160 + LIMIT_SECONDS);
});

test.each([
  ['before', 10],
  ['after', 1000],
])(
  'a scaled clock dates a time-out at ten seconds, although it really comes %s that',
  async (_when, rate) => {
    const api = apiOf(mock.url, `scaled-${rate}`);
    await api.send('PUT', '/_sandbox/clock', { mode: 'scaled', rate });
    await api.register(hanging.url);
    const id = await api.trigger();
    await hanging.arrived(1);
    await expect
      .poll(async () => (await look(api, id)).attempts_made, { timeout: 30_000 })
      .not.toBe(0);
    const [first] = (await look(api, id)).attempts;
    expect(seconds(first!.started_at, first!.ended_at)).toBe(LIMIT_SECONDS);
  },
);

test('realtime dates a time-out when it really comes, and an advance from there keeps its delays', async () => {
  const api = apiOf(mock.url, 'realtime');
  await api.send('PUT', '/_sandbox/clock', { mode: 'realtime' });
  await api.register(hanging.url);
  const id = await api.trigger();
  await expect.poll(async () => (await look(api, id)).attempts_made, { timeout: 30_000 }).toBe(1);
  await api.advance({ by: '1h' });
  const { attempts, status } = await look(api, id);
  expect(status).toBe('dead');
  expect(
    attempts.map(({ started_at }, index) =>
      index === 0 ? 0 : seconds(attempts[index - 1]!.ended_at, started_at),
    ),
  ).toEqual([0, 30, 300, 1800]);
});

/**
 * Empty, save and load an account over HTTP: into the same sandbox, into another, and what does not fit.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { answer, startReceiver, type Receiver } from '../support/receiver.ts';

const START = '2026-04-06T12:00:00.000Z';

let mock: Mock;
let down: Receiver;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', clockStart: START, seed: 7 });
  down = await startReceiver(answer(503, 'later'));
});
afterAll(async () => {
  await mock.close();
  await down[Symbol.asyncDispose]();
});

/** One dead letter, and one delivery that waits for its first retry at 12:36:00. */
const fill = async (api: Api): Promise<{ webhook: string; waiting: string }> => {
  const webhook = await api.register(down.url);
  await api.trigger('email.bounced', { id: 'evt_dead' });
  await api.advance({ until: 'settled' });
  const waiting = await api.trigger('email.replied', { id: 'evt_waiting' });
  await api.advance({ by: 0 });
  return { webhook, waiting };
};

/** All that an account shows. */
const shown = async (api: Api, webhook: string): Promise<unknown[]> => {
  const { data: deliveries } = await api.get<{ id: string }[]>('/_sandbox/deliveries');
  const paths = [
    '/v1/webhooks',
    `/v1/webhooks/${webhook}/failed-events`,
    '/_sandbox/events',
    '/_sandbox/deliveries',
    ...deliveries.map(({ id }) => `/_sandbox/deliveries/${id}`),
    '/_sandbox/clock',
  ];
  const replies = await Promise.all(paths.map((path) => api.get(path)));
  return replies.map(({ status, data }) => [status, data]);
};

const save = async (api: Api): Promise<any> => (await api.get('/_sandbox/snapshot')).data;

describe('a reset', () => {
  test('empties the account, but for its clock', async () => {
    const api = apiOf(mock.url, 'reset');
    const key = { 'idempotency-key': 'once' };
    const registration = { url: down.url, events: ['*'], secret: SECRET };
    await api.send('POST', '/v1/webhooks', registration, key);
    const { webhook, waiting } = await fill(api);
    const { now } = (await api.get('/_sandbox/clock')).data;
    expect(await api.send('POST', '/_sandbox/reset')).toMatchObject({
      status: 200,
      data: { reset: true },
    });
    for (const path of ['/v1/webhooks', '/_sandbox/events', '/_sandbox/deliveries']) {
      expect((await api.get(path)).data).toEqual([]);
    }
    for (const path of [`/v1/webhooks/${webhook}`, `/_sandbox/deliveries/${waiting}`]) {
      expect((await api.get(path)).status).toBe(404);
    }
    expect((await api.get('/_sandbox/clock')).data).toEqual({
      mode: 'frozen',
      rate: 0,
      now,
      next_due_at: null,
      in_flight: 0,
      pending: 0,
    });
    const before = down.received.length;
    expect(await api.advance({ by: '1h' })).toMatchObject({ attempts: 0 });
    expect(down.received).toHaveLength(before);
    // Ids and keys are free again.
    await api.send('POST', '/v1/webhooks', { ...registration, events: ['email.sent'] }, key);
    expect((await api.get('/v1/webhooks')).data).toHaveLength(1);
    expect(
      (await api.send('POST', '/_sandbox/events', { event: 'email.sent', id: 'evt_dead' })).status,
    ).toBe(202);
  });

  test('forgets what is in flight', async () => {
    let release = (): void => undefined;
    await using slow = await startReceiver((_received, response) => {
      release = () => response.end();
    });
    const api = apiOf(mock.url, 'reset-in-flight');
    await api.register(slow.url);
    const delivery = await api.trigger();
    await slow.arrived(1);
    await api.send('POST', '/_sandbox/reset');
    release();
    expect((await api.get('/_sandbox/clock')).data).toMatchObject({ in_flight: 0, pending: 0 });
    expect((await api.get(`/_sandbox/deliveries/${delivery}`)).status).toBe(404);
  });
});

describe('a snapshot', () => {
  test('goes on in another sandbox as if nothing had happened', async () => {
    const api = apiOf(mock.url, 'saved');
    const { webhook, waiting } = await fill(api);
    const snapshot = await save(api);
    const before = await shown(api, webhook);
    expect(JSON.stringify(snapshot)).toContain(SECRET);

    await using other = await createMock();
    const there = apiOf(other.url, 'loaded');
    const loading = await there.send('PUT', '/_sandbox/snapshot', snapshot);
    expect(loading).toMatchObject({ status: 200, data: { restored: true } });
    // The numbers within the account stay, so the ids do; only the account's own number may differ.
    const after = await shown(there, webhook);
    expect(after).toEqual(before);

    const had = down.received.length;
    const advanced = await there.advance({ until: 'settled' });
    expect(advanced).toMatchObject({ attempts: 3 });
    expect((await there.delivery(waiting)).attempts.map(({ started_at: at }) => at)).toEqual([
      '2026-04-06T12:35:30.000Z',
      '2026-04-06T12:36:00.000Z',
      '2026-04-06T12:41:00.000Z',
      '2026-04-06T13:11:00.000Z',
    ]);
    for (const { body, headers } of down.received.slice(had)) {
      expect(headers['x-sendemall-signature']).toBe(
        `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
      );
    }
    expect((await there.get(`/v1/webhooks/${webhook}/failed-events`)).data).toHaveLength(2);
    // Where it was saved, nothing has moved.
    expect(await shown(api, webhook)).toEqual(before);
  });

  test('replaces what there was, and can be loaded again and again', async () => {
    const api = apiOf(mock.url, 'again');
    const { webhook } = await fill(api);
    const snapshot = await save(api);
    const before = await shown(api, webhook);
    for (let round = 0; round < 3; round += 1) {
      await api.register('http://127.0.0.1:9/another');
      await api.advance({ until: 'settled' });
      await api.trigger('email.sent');
      expect((await api.send('PUT', '/_sandbox/snapshot', snapshot)).status).toBe(200);
      expect(await shown(api, webhook)).toEqual(before);
      expect(await save(api)).toMatchObject({ version: snapshot.version });
    }
    const { key: _key, ...row } = (await save(api)).tables.webhook[0];
    const { key: _before, ...saved } = snapshot.tables.webhook[0];
    expect(row).toEqual(saved);
  });

  test('loaded into a sandbox of the same seed never gives an id twice', async () => {
    const api = apiOf(mock.url, 'seed');
    await api.register(down.url);
    await api.trigger('email.sent', { count: 20 });
    const snapshot = await save(api);
    await using twin = await createMock({ clock: 'frozen', clockStart: START, seed: 7 });
    const there = apiOf(twin.url, 'seed');
    await there.send('PUT', '/_sandbox/snapshot', snapshot);
    expect(
      (await there.send('POST', '/v1/webhooks', { url: down.url, events: ['*'], secret: SECRET }))
        .status,
    ).toBe(201);
    const reply = await there.send('POST', '/_sandbox/events', { event: 'email.sent', count: 20 });
    expect([reply.status, reply.error?.message]).toEqual([202, undefined]);
    expect((await there.get('/_sandbox/events?limit=100')).data).toHaveLength(40);
  });

  test('remembers the answers to idempotency keys', async () => {
    const api = apiOf(mock.url, 'answers');
    const body = { url: down.url, events: ['*'], secret: SECRET };
    const key = { 'idempotency-key': 'kept' };
    const first = await api.send('POST', '/v1/webhooks', body, key);
    const there = apiOf(mock.url, 'answers-loaded');
    await there.send('PUT', '/_sandbox/snapshot', await save(api));
    expect((await there.send('POST', '/v1/webhooks', body, key)).data).toEqual(first.data);
    expect((await there.get('/v1/webhooks')).data).toHaveLength(1);
  });

  test.each([['realtime'], ['3600x']] as const)(
    'of a clock that runs (%s) goes on at the time of saving',
    async (clock) => {
      await using running = await createMock({ clock, clockStart: START });
      const api = apiOf(running.url, 'running');
      await api.advance({ by: '2h' });
      while (
        Date.parse((await api.get('/_sandbox/clock')).data.now) <
        Date.parse(START) + 7_200_050
      );
      const saved = Date.parse((await api.get('/_sandbox/clock')).data.now);
      const snapshot = await save(api);
      const there = apiOf(running.url, 'running-loaded');
      await there.send('PUT', '/_sandbox/snapshot', snapshot);
      const loaded = (await there.get('/_sandbox/clock')).data;
      expect(loaded.mode).toBe(clock === 'realtime' ? 'realtime' : 'scaled');
      expect(Date.parse(loaded.now)).toBeGreaterThanOrEqual(saved);
    },
  );
});

describe('a snapshot that does not fit', () => {
  let api: Api;
  let webhook: string;
  let good: any;
  let before: unknown[];
  beforeAll(async () => {
    api = apiOf(mock.url, 'misfit');
    ({ webhook } = await fill(api));
    good = await save(api);
    before = await shown(api, webhook);
  });

  const changed = (change: (copy: any) => void): unknown => {
    const copy = structuredClone(good);
    change(copy);
    return copy;
  };

  test.each<[string, (copy: any) => void, ...string[]]>([
    ['of a later version', (copy) => (copy.version = 999), 'version 999'],
    ['without a clock', (copy) => delete copy.clock, '"clock" is missing'],
    ['of an unknown mode', (copy) => (copy.clock.mode = 'backwards'), '"clock.mode"', 'backwards'],
    ['of a rate that its mode has not', (copy) => (copy.clock.rate = 60), 'clock.rate', '60'],
    [
      'of a scaled clock that stands still',
      (copy) => (copy.clock.mode = 'scaled'),
      'clock.rate',
      '0',
    ],
    [
      'of a time past all times',
      (copy) => (copy.clock.anchor_virtual = 1e300),
      'clock.anchor_virtual',
    ],
    ['with an unknown field', (copy) => (copy.colour = 'red'), '"colour"'],
    ['with an unknown table', (copy) => (copy.tables.account = []), 'tables.account'],
    [
      'with a row too few columns',
      (copy) => delete copy.tables.event[0].body,
      'tables.event[0]',
      '"body"',
    ],
    [
      'with a row of no webhook',
      (copy) => (copy.tables.delivery[0].webhook = 4711),
      'tables.delivery[0]',
      '4711',
    ],
    [
      'with a text for a number',
      (copy) => (copy.tables.delivery[0].created_at = 'noon'),
      'tables.delivery[0]',
    ],
    ['with a row twice', (copy) => copy.tables.event.push(copy.tables.event[0]), 'tables.event[2]'],
    ['with a list in a row', (copy) => (copy.tables.webhook[0].secret = [SECRET]), 'secret'],
    [
      'with events that are no JSON',
      (copy) => (copy.tables.webhook[0].events = '["email.'),
      'tables.webhook[0]',
      'events',
    ],
    [
      'with an invalid URL',
      (copy) => (copy.tables.webhook[0].url = 'nowhere'),
      'tables.webhook[0]',
      'url',
    ],
    [
      'with an invalid status',
      (copy) => (copy.tables.webhook[0].status = 'asleep'),
      'tables.webhook[0]',
      'status',
    ],
    [
      'with a body that is no JSON',
      (copy) => (copy.tables.event[0].body = '{'),
      'tables.event[0]',
      'body',
    ],
    [
      'with a record that is no JSON',
      (copy) => (copy.tables.attempt[0].record = '['),
      'tables.attempt[0]',
      'record',
    ],
    [
      'with a record of no time',
      (copy) =>
        (copy.tables.attempt[0].record = copy.tables.attempt[0].record.replace(/\d+/, '9e15')),
      'tables.attempt[0]',
      'record',
    ],
    [
      'with a delivery in no state',
      (copy) => (copy.tables.delivery[0].status = 17),
      'tables.delivery[0]',
      'status',
    ],
    [
      'with a time past all times in a row',
      (copy) => (copy.tables.delivery[0].created_at = 9e15),
      'tables.delivery[0]',
      'created_at',
    ],
  ])('%s is refused, and nothing is changed', async (_what, change, ...words) => {
    const reply = await api.send('PUT', '/_sandbox/snapshot', changed(change));
    expect(reply).toMatchObject({ status: 422, error: { code: 'VALIDATION_FAILED' } });
    for (const word of words) expect(reply.error.message).toContain(word);
    expect(reply.error.message).not.toContain(SECRET);
    expect(await shown(api, webhook)).toEqual(before);
  });

  test('and the account goes on', async () => {
    expect(await api.advance({ until: 'settled' })).toMatchObject({ attempts: 3 });
  });
});

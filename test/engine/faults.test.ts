/**
 * Injected faults, as the receiver sees them and as the attempt record reports them.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeliveryDetail } from '../../schemas/sandbox.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import type { MockOptions } from '../../src/mock-options.ts';
import { isSignedBy } from '../../src/signature/sign.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { startReceiver, type Received, type Receiver } from '../support/receiver.ts';

const OPTIONS: MockOptions = {
  clock: 'frozen',
  clockStart: '2026-04-06T12:00:00Z',
  seed: 7,
  rateLimit: false,
};

let mock: Mock;
let api: Api;
let receiver: Receiver;
let webhook: string;

const open = async (options: MockOptions = {}): Promise<void> => {
  mock = await createMock({ ...OPTIONS, ...options });
  api = apiOf(mock.url);
};

beforeEach(async () => {
  receiver = await startReceiver();
  await open();
  webhook = await api.register(receiver.url);
});
afterEach(async () => {
  await mock.close();
  await receiver[Symbol.asyncDispose]();
});

const add = async (rule: Record<string, unknown>): Promise<string> => {
  const { status, data, error } = await api.send('POST', '/_sandbox/faults', rule);
  if (status !== 201) throw new Error(error.message);
  return data.id;
};

const idOf = ({ body }: Received): string => (JSON.parse(body) as { id: string }).id;
const signed = ({ bytes, headers }: Received): boolean =>
  isSignedBy(String(headers['x-sendemall-signature'] ?? ''), bytes, SECRET);

/** One event under one fault, run to its end. */
const story = async (
  fault: string,
): Promise<{ readonly delivery: DeliveryDetail; readonly rule: string }> => {
  const rule = await add({ fault });
  const id = await api.trigger('email.replied');
  await api.advance({ until: 'settled' });
  return { delivery: await api.delivery(id), rule };
};

const outcomes = ({ attempts }: DeliveryDetail): (string | null)[][] =>
  attempts.map(({ outcome, fault }) => [outcome, fault?.name ?? null]);

describe('one event', () => {
  test('duplicate: is sent once more after it was delivered, in a delivery of its own', async () => {
    const { delivery, rule } = await story('duplicate');
    const [first, second, ...more] = receiver.received;
    expect(more).toEqual([]);
    expect(second?.body).toBe(first?.body);
    expect(signed(second!)).toBe(true);
    expect(delivery.attempts[0]?.fault).toEqual({ name: 'duplicate', rule });
    const { data } = await api.get(`/_sandbox/deliveries?event_id=${delivery.event_id}`);
    expect(data).toHaveLength(2);
    expect(data[0].redelivery_of).toBe(delivery.id);
    expect(outcomes(await api.delivery(data[0].id))).toEqual([['delivered', 'duplicate']]);
  });

  test('duplicate_concurrent: comes twice at the same time', async () => {
    await receiver[Symbol.asyncDispose]();
    const waiting: (() => void)[] = [];
    // Answers when both are there: one after the other would never get an answer.
    receiver = await startReceiver((_received, response) => {
      waiting.push(() => response.writeHead(204).end());
      if (waiting.length === 2) for (const one of waiting) one();
    });
    await api.send('PATCH', `/v1/webhooks/${webhook}`, { url: receiver.url });
    const { delivery } = await story('duplicate_concurrent');
    expect(receiver.received.map(({ body }) => body)).toEqual([delivery.body, delivery.body]);
    expect(outcomes(delivery)).toEqual([['delivered', 'duplicate_concurrent']]);
  });

  test('lost_acknowledgement: was taken, and comes again by the retry plan', async () => {
    const { delivery } = await story('lost_acknowledgement');
    expect(receiver.received.map(idOf)).toEqual([delivery.event_id, delivery.event_id]);
    expect(outcomes(delivery)).toEqual([
      ['ignored', 'lost_acknowledgement'],
      ['delivered', null],
    ]);
    expect(delivery.attempts[0]?.error).toMatch(/answered 200, which was discarded/);
    expect(delivery.attempts[1]?.started_at).toBe('2026-04-06T12:00:30.000Z');
  });

  test.each(['bad_signature', 'missing_signature', 'tampered_body'])(
    '%s: is refused by who looks, and comes again as it is',
    async (fault) => {
      await receiver[Symbol.asyncDispose]();
      receiver = await startReceiver((received, response) => {
        response.writeHead(signed(received) ? 204 : 401).end();
      });
      await api.send('PATCH', `/v1/webhooks/${webhook}`, { url: receiver.url });
      const { delivery } = await story(fault);
      expect(receiver.received.map(signed)).toEqual([false, true]);
      expect(outcomes(delivery)).toEqual([
        ['non_2xx', fault],
        ['delivered', null],
      ]);
      expect(receiver.received[1]?.body).toBe(delivery.body);
      expect(receiver.received[0]?.body === delivery.body).toBe(fault !== 'tampered_body');
    },
  );

  test.each(['bad_signature', 'missing_signature', 'tampered_body', 'unknown_event'])(
    '%s: does not count where it is taken all the same',
    async (fault) => {
      const { delivery } = await story(fault);
      expect(outcomes(delivery)).toEqual([
        ['ignored', fault],
        ['delivered', null],
      ]);
    },
  );

  test('unknown_event: is sent first, correctly signed, with an id of its own', async () => {
    const { delivery } = await story('unknown_event');
    const [first, second] = receiver.received;
    expect(receiver.received.map(signed)).toEqual([true, true]);
    expect(JSON.parse(first!.body)).toMatchObject({ event: 'email.archived' });
    expect(idOf(first!)).not.toBe(delivery.event_id);
    expect(second?.body).toBe(delivery.body);
  });

  test('unknown_field: has one more field, and is correctly signed', async () => {
    const { delivery } = await story('unknown_field');
    const [only] = receiver.received;
    expect(signed(only!)).toBe(true);
    const sent = JSON.parse(delivery.body);
    expect(JSON.parse(only!.body)).toEqual({
      ...sent,
      data: { ...sent.data, engagement_score: 42 },
    });
    expect(outcomes(delivery)).toEqual([['delivered', 'unknown_field']]);
  });

  test('slow_body: arrives whole, in pieces', async () => {
    const { delivery } = await story('slow_body');
    expect(receiver.received.map(({ body }) => body)).toEqual([delivery.body]);
    expect(signed(receiver.received[0]!)).toBe(true);
    expect(outcomes(delivery)).toEqual([['delivered', 'slow_body']]);
    expect(delivery.attempts[0]?.duration_ms).toBeGreaterThan(500);
  });

  test('reset_mid_body: does not arrive, and comes again', async () => {
    const { delivery } = await story('reset_mid_body');
    expect(receiver.received.map(({ body }) => body)).toEqual([delivery.body]);
    expect(outcomes(delivery)).toEqual([
      ['reset', 'reset_mid_body'],
      ['delivered', null],
    ]);
    expect(delivery.attempts[0]).toMatchObject({
      response: null,
      error: expect.stringMatching(/^fault reset_mid_body: the sandbox closed/),
    });
  });

  test.each([
    ['delay', {}, '2026-04-06T12:05:00.000Z'],
    ['delay', { delay: '90s' }, '2026-04-06T12:01:30.000Z'],
    ['reorder', {}, '2026-04-06T12:01:00.000Z'],
  ])('%s %j: comes later', async (fault, more, at) => {
    await add({ fault, ...more });
    const id = await api.trigger();
    expect(receiver.received).toHaveLength(0);
    expect(await api.delivery(id)).toMatchObject({ status: 'pending', next_attempt_at: at });
    await api.advance({ until: 'settled' });
    const delivery = await api.delivery(id);
    expect(delivery.attempts).toMatchObject([{ started_at: at, fault: { name: fault } }]);
  });
});

test('reorder: later events overtake the one that is held back', async () => {
  await add({ fault: 'reorder', match: { nth: 1 } });
  const ids: string[] = [];
  for (const event of ['email.sent', 'email.delivered', 'email.opened'])
    ids.push((await api.delivery(await api.trigger(event))).event_id);
  await api.advance({ until: 'settled' });
  expect(receiver.received.map(idOf)).toEqual([ids[1], ids[2], ids[0]]);
});

test('burst: what happens within a minute comes at once', async () => {
  await add({ fault: 'burst', count: 3 });
  const ids: string[] = [];
  for (let made = 0; made < 4; made += 1) {
    ids.push(await api.trigger());
    await api.advance({ by: '10s' });
  }
  expect(receiver.received).toHaveLength(0);
  await api.advance({ until: 'settled' });
  const starts = await Promise.all(
    ids.map(async (id) => (await api.delivery(id)).attempts[0]?.started_at.slice(11, 19)),
  );
  expect(starts).toEqual(['12:01:00', '12:01:00', '12:01:00', '12:01:30']);
});

describe('a rule', () => {
  const faulty = async (): Promise<(string | null)[]> => {
    const { data } = await api.get('/_sandbox/deliveries?limit=100');
    const details: DeliveryDetail[] = [];
    for (const { id } of data) details.push(await api.delivery(id));
    return details.map(({ attempts }) => attempts[0]?.fault?.name ?? null).toReversed();
  };
  const trigger = async (count: number): Promise<void> => {
    for (let made = 0; made < count; made += 1) await api.trigger('email.opened');
    await api.advance({ until: 'settled' });
  };

  test('matches by number, event and webhook, and is applied up to its limit', async () => {
    await using other = await startReceiver();
    const second = await api.register(other.url);
    const id = await add({
      fault: 'unknown_field',
      match: { event: 'email.opened', webhook_id: webhook },
      times: 2,
    });
    await api.trigger('email.sent');
    await trigger(3);
    const extra = (of: Receiver): boolean[] =>
      of.received.map(({ body }) => body.includes('engagement_score'));
    expect(extra(receiver)).toEqual([false, true, true, false]);
    expect(extra(other)).toEqual([false, false, false, false]);
    expect((await api.get(`/_sandbox/faults/${id}`)).data).toMatchObject({ applied: 2, times: 2 });
    await add({ fault: 'unknown_field', match: { webhook_id: second, nth: 2 } });
    await trigger(3);
    expect(extra(other).slice(4)).toEqual([false, true, false]);
  });

  test('draws from the seed: the same commands give the same faults', async () => {
    const run = async (): Promise<(string | null)[]> => {
      await add({ fault: 'unknown_field', probability: 0.3 });
      await add({ fault: 'lost_acknowledgement', probability: 0.3 });
      await trigger(40);
      return faulty();
    };
    const first = await run();
    expect(first.filter((name) => name === 'unknown_field').length).toBeGreaterThan(4);
    expect(first.filter((name) => name === 'lost_acknowledgement').length).toBeGreaterThan(2);
    expect(first.filter((name) => name === null).length).toBeGreaterThan(10);
    await mock.close();
    await open();
    await api.register(receiver.url);
    expect(await run()).toEqual(first);
  });

  test('ends when it is removed, when all are, and with a reset', async () => {
    const id = await add({ fault: 'unknown_field' });
    expect((await api.send('DELETE', `/_sandbox/faults/${id}`)).data.id).toBe(id);
    await trigger(1);
    await add({ fault: 'unknown_field' });
    expect((await api.send('DELETE', '/_sandbox/faults')).data).toEqual({ removed: 1 });
    await trigger(1);
    expect(await faulty()).toEqual([null, null]);
    await add({ fault: 'unknown_field' });
    await api.send('POST', '/_sandbox/reset');
    expect((await api.get('/_sandbox/faults')).data).toEqual([]);
  });

  test('is of its account alone', async () => {
    await add({ fault: 'unknown_field' });
    expect((await apiOf(mock.url, 'other').get('/_sandbox/faults')).data).toEqual([]);
  });

  test('is stored permanently: in a file, in a snapshot and in the stream', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'faults-'));
    try {
      const db = join(folder, 'sandbox.db');
      await mock.close();
      await open({ db });
      await api.register(receiver.url);
      const { delivery } = await story('lost_acknowledgement');
      const { data: snapshot } = await api.get('/_sandbox/snapshot');
      await mock.close();
      await open({ db });
      expect(await api.delivery(delivery.id)).toEqual(delivery);
      const loaded = apiOf(mock.url, 'loaded');
      await loaded.send('PUT', '/_sandbox/snapshot', snapshot);
      const { data } = await loaded.get('/_sandbox/deliveries');
      expect(outcomes(await loaded.delivery(data[0].id))).toEqual(outcomes(delivery));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('bad input is refused, and changes nothing', () => {
  test.each([
    [{ fault: 'storm' }, 422, /"fault" is "storm".*duplicate, duplicate_concurrent/],
    [{}, 422, /"fault" is missing/],
    [{ fault: 'delay', probability: 0 }, 422, /"probability" is 0/],
    [{ fault: 'delay', probability: 1.5 }, 422, /"probability" is 1\.5.*at most 1/],
    [{ fault: 'delay', times: 0 }, 422, /"times" is 0.*at least 1/],
    [{ fault: 'delay', match: { nth: 0 } }, 422, /"match\.nth" is 0.*at least 1/],
    [{ fault: 'delay', match: { event: 'email.open' } }, 422, /"match\.event" is "email\.open"/],
    [{ fault: 'delay', match: { lead: 1 } }, 422, /"match\.lead" is not a known field/],
    [{ fault: 'delay', delay: 'soon' }, 422, /"delay" is "soon".*such as 90s/],
    [{ fault: 'delay', delay: '31d' }, 422, /"delay" is "31d".*up to 30 days/],
    [{ fault: 'duplicate', delay: '5m' }, 422, /"delay" does not apply to duplicate/],
    [{ fault: 'delay', count: 3 }, 422, /"count" does not apply to delay/],
    [{ fault: 'delay', match: { webhook_id: 'whk_nope' } }, 404, /Webhook "whk_nope" not found/],
    [{ fault: 'delay', times: 2, match: { nth: 1 } }, 409, /matches a single delivery/],
  ])('%j', async (rule, status, message) => {
    const reply = await api.send('POST', '/_sandbox/faults', rule);
    expect(reply.status).toBe(status);
    expect(reply.error.message).toMatch(message);
    expect((await api.get('/_sandbox/faults')).data).toEqual([]);
  });

  test('a rule that can never match', async () => {
    await api.send('PATCH', `/v1/webhooks/${webhook}`, { events: ['email.replied'] });
    const match = { webhook_id: webhook, event: 'email.sent' };
    const reply = await api.send('POST', '/_sandbox/faults', { fault: 'delay', match });
    expect(reply.error).toMatchObject({ code: 'FAULT_NEVER_MATCHES', status: 409 });
    expect(reply.error.message).toMatch(
      /subscribes only to email\.replied, so this rule would never match/,
    );
    await api.send('PATCH', `/v1/webhooks/${webhook}`, { status: 'paused' });
    const paused = { fault: 'delay', match: { webhook_id: webhook } };
    expect((await api.send('POST', '/_sandbox/faults', paused)).error.message).toMatch(/is paused/);
    expect((await api.get('/_sandbox/faults')).data).toEqual([]);
  });

  test('number 101', async () => {
    for (let made = 0; made < 100; made += 1) await add({ fault: 'delay' });
    const reply = await api.send('POST', '/_sandbox/faults', { fault: 'delay' });
    expect(reply.error).toMatchObject({ code: 'FAULT_LIMIT_REACHED', status: 409 });
  });

  test('one that is not there', async () => {
    expect((await api.get('/_sandbox/faults/flt_9')).error.code).toBe('FAULT_NOT_FOUND');
    expect((await api.send('DELETE', '/_sandbox/faults/flt_9')).status).toBe(404);
  });
});

describe.each(['mild', 'wild'] as const)('%s chaos', (chaos) => {
  test('a right receiver loses nothing, doubles nothing, and believes no forgery', async () => {
    await mock.close();
    await open({ chaos });
    const seen = new Set<string>();
    const effects: string[] = [];
    await using right = await startReceiver((received, response) => {
      if (!signed(received)) return void response.writeHead(401).end();
      const { id, event } = JSON.parse(received.body);
      if (event !== 'email.archived' && !seen.has(id)) {
        seen.add(id);
        effects.push(id);
      }
      return void response.writeHead(204).end();
    });
    await api.register(right.url);
    const { data } = await api.send('POST', '/_sandbox/events', {
      event: 'email.opened',
      count: 300,
    });
    await api.advance({ until: 'settled' });
    const ids: string[] = data.events.map(({ id }: { id: string }) => id);
    expect(effects.toSorted()).toEqual(ids.toSorted());
    expect((await api.get('/_sandbox/deliveries?status=dead')).data).toEqual([]);
    const { data: rules } = await api.get('/_sandbox/faults');
    for (const { fault, applied } of rules) expect([fault, applied > 0]).toEqual([fault, true]);
    expect(right.received.length).toBeGreaterThan(300);
  });
});

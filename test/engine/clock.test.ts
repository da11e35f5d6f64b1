/**
 * The virtual clock: exact times in every mode, and nothing lost when it is steered.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeliveryDetail } from '../../schemas/sandbox.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { leads, startCampaign } from '../support/campaign.ts';
import { answer, startReceiver, type Receiver } from '../support/receiver.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** T, T+30 s, T+5 min 30 s, T+35 min 30 s. */
const LADDER = [0, 30 * SECOND, 5 * MINUTE + 30 * SECOND, 35 * MINUTE + 30 * SECOND];

let mock: Mock;
let down: Receiver;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
  down = await startReceiver(answer(503));
});
afterAll(async () => {
  await mock.close();
  await down[Symbol.asyncDispose]();
});

/** Virtual times of the attempts, from the first on. */
const offsets = ({ attempts }: DeliveryDetail): number[] =>
  attempts.map(({ started_at }) => Date.parse(started_at) - Date.parse(attempts[0]!.started_at));

describe('frozen', () => {
  test('makes what is due now at once, and nothing else until it is advanced', async () => {
    const api = apiOf(mock.url, 'frozen-due');
    await api.register(down.url);
    const id = await api.trigger();
    expect(await api.advance({ by: 0 })).toMatchObject({ attempts: expect.any(Number) });
    const { attempts, next_attempt_at, status } = await api.delivery(id);
    expect(attempts).toHaveLength(1);
    expect(status).toBe('pending');
    expect(Date.parse(next_attempt_at!) - Date.parse(attempts[0]!.started_at)).toBe(30 * SECOND);
    expect((await api.advance({ by: '29999ms' })).attempts).toBe(0);
    expect((await api.advance({ by: '1ms' })).attempts).toBe(1);
  });

  test('one advance through the whole ladder gives the four exact times and the dead letter', async () => {
    const api = apiOf(mock.url, 'frozen-ladder');
    await api.register(down.url);
    const id = await api.trigger();
    const { from, to } = await api.advance({ by: '1h' });
    expect(Date.parse(to) - Date.parse(from)).toBe(60 * MINUTE);
    const delivery = await api.delivery(id);
    expect(offsets(delivery)).toEqual(LADDER);
    expect(delivery.status).toBe('dead');
    expect(Date.parse(delivery.settled_at!) - Date.parse(delivery.created_at)).toBe(LADDER[3]);
  });

  test('a time-out counts as ten virtual seconds', async () => {
    await using hanging = await startReceiver(() => undefined);
    await using impatient = await createMock({ clock: 'frozen', attemptTimeoutMs: 300 });
    const api = apiOf(impatient.url, 'frozen-timeout');
    await api.register(hanging.url);
    const id = await api.trigger();
    await api.advance({ until: 'settled' });
    const delivery = await api.delivery(id);
    expect(offsets(delivery)).toEqual([0, 40, 350, 2160].map((seconds) => seconds * SECOND));
    const [first] = delivery.attempts;
    expect(Date.parse(first!.ended_at) - Date.parse(first!.started_at)).toBe(10 * SECOND);
  });

  test('advance takes a span, a moment or a state', async () => {
    const api = apiOf(mock.url, 'frozen-targets');
    await api.register(down.url);
    await api.trigger();
    const { data: clock } = await api.get('/_sandbox/clock');
    const start = Date.parse(clock.now);
    expect(Date.parse((await api.advance({ by: 'PT1S' })).to) - start).toBe(SECOND);
    const moment = new Date(start + 10 * SECOND).toISOString();
    expect((await api.advance({ to: moment })).to).toBe(moment);
    expect(Date.parse((await api.advance({ until: 'next_attempt' })).to) - start).toBe(30 * SECOND);
    const { to, attempts } = await api.advance({ until: 'settled' });
    expect(Date.parse(to) - start).toBe(LADDER[3]);
    expect(attempts).toBe(2);
  });

  test('an advance to the next attempt does not count one that was in flight before', async () => {
    let release = (): void => undefined;
    await using slow = await startReceiver((_received, response, count) => {
      const fail = (): unknown => response.writeHead(500).end();
      if (count === 1) release = fail;
      else fail();
    });
    const api = apiOf(mock.url, 'frozen-in-flight');
    await api.register(slow.url, { events: ['email.bounced'] });
    // Simulates e-mails without a subscriber, before the retry is due.
    await startCampaign(api, leads(100));
    const id = await api.trigger('email.bounced');
    await slow.arrived(1);
    const headers = { 'x-user-context': 'frozen-in-flight' };
    const stream = await fetch(`${mock.url}/_sandbox/stream`, { headers });
    const advancing = api.advance({ until: 'next_attempt' });
    // The advance announces its first step, which waits for the attempt.
    for await (const chunk of stream.body!) {
      if (Buffer.from(chunk).toString().includes('clock.changed')) break;
    }
    release();
    const { to } = await advancing;
    const { attempts } = await api.delivery(id);
    expect(attempts).toHaveLength(2);
    expect(attempts[1]!.started_at).toBe(to);
  });

  test.each([
    [{ to: '2001-01-01T00:00:00Z' }, 'only moves forward'],
    [{ by: 'PT99999999999H' }, 'past 9999'],
    [{ by: 'soon' }, 'soon'],
    [{}, 'by'],
    [{ by: '1m', until: 'settled' }, 'until'],
  ])('refuses %j', async (target, words) => {
    const api = apiOf(mock.url, 'frozen-bad');
    const before = await api.get('/_sandbox/clock');
    const { status, error } = await api.send('POST', '/_sandbox/clock/advance', target);
    expect(status).toBe(422);
    expect(error.message).toContain(words);
    expect((await api.get('/_sandbox/clock')).data).toEqual(before.data);
  });

  test('two advances at once queue', async () => {
    const api = apiOf(mock.url, 'frozen-queue');
    await api.register(down.url);
    await api.trigger();
    const [one, two] = await Promise.all([api.advance({ by: '10m' }), api.advance({ by: '30m' })]);
    const [first, second] = Date.parse(one.from) < Date.parse(two.from) ? [one, two] : [two, one];
    expect(second.from).toBe(first.to);
    expect(Date.parse(second.to) - Date.parse(first.from)).toBe(40 * MINUTE);
    expect(first.attempts + second.attempts).toBeGreaterThanOrEqual(3);
  });

  test('advance answers only after everything that fell due has settled', async () => {
    let finished = 0;
    await using slow = await startReceiver((_received, response) => {
      setTimeout(() => {
        finished += 1;
        response.end();
      }, 150);
    });
    const api = apiOf(mock.url, 'frozen-waits');
    await api.register(slow.url);
    await api.trigger('email.opened', { count: 5 });
    await api.advance({ by: 0 });
    expect(finished).toBe(5);
  });

  test('two accounts have two clocks', async () => {
    const [one, other] = [apiOf(mock.url, 'clock-one'), apiOf(mock.url, 'clock-other')];
    const before = (await other.get('/_sandbox/clock')).data.now;
    await one.advance({ by: '1h' });
    expect((await other.get('/_sandbox/clock')).data.now).toBe(before);
  });
});

describe('skip', () => {
  test('all attempts are made automatically at the exact times', async () => {
    const api = apiOf(mock.url, 'skip-ladder');
    await api.send('PUT', '/_sandbox/clock', { mode: 'skip' });
    await api.register(down.url);
    const delivery = await api.settled(await api.trigger());
    expect(delivery.status).toBe('dead');
    expect(offsets(delivery)).toEqual(LADDER);
  });

  test('does not jump while something is in flight', async () => {
    const times: string[] = [];
    const api = apiOf(mock.url, 'skip-flight');
    let release = (): void => undefined;
    await using receiver = await startReceiver((_received, response, count) => {
      if (count === 1) release = () => response.end();
      else response.writeHead(503).end();
    });
    await api.send('PUT', '/_sandbox/clock', { mode: 'skip' });
    await api.register(receiver.url);
    const held = await api.trigger('email.sent');
    await receiver.arrived(1);
    const failing = await api.trigger('email.opened');
    await receiver.arrived(2);
    const { data } = await api.get(
      `/_sandbox/deliveries/${failing}/wait?until=settled&timeout_ms=100`,
    );
    expect(data.reached).toBe(false);
    times.push((await api.get('/_sandbox/clock')).data.now);
    release();
    expect((await api.settled(held)).status).toBe('delivered');
    expect((await api.settled(failing)).status).toBe('dead');
    expect(Date.parse((await api.get('/_sandbox/clock')).data.now) - Date.parse(times[0]!)).toBe(
      LADDER[3],
    );
  });
});

test.each(['frozen', 'skip'])(
  'a clock does not move while a delivery waits to be sent (%s)',
  { timeout: 60_000 },
  async (mode) => {
    // Every attempt opens a connection, which takes long enough that accounts must wait for one another.
    await using closing = await startReceiver(answer(503, '', { connection: 'close' }));
    const run = async (name: number): Promise<void> => {
      const api = apiOf(mock.url, `turns-${mode}-${name}`);
      for (let webhook = 0; webhook < 4; webhook += 1) await api.register(closing.url);
      await api.trigger('email.sent', { count: 6 });
      // What is due at other times than the rest.
      await api.advance({ by: '7s' });
      await api.trigger('email.opened', { count: 6 });
      if (mode === 'frozen') await api.advance({ until: 'settled' });
      else await api.send('PUT', '/_sandbox/clock', { mode });
      const { data } = await api.get<DeliveryDetail[]>('/_sandbox/deliveries?limit=100');
      for (const { id } of data) {
        const delivery = await api.settled(id);
        expect(delivery.attempts[0]!.started_at).toBe(delivery.created_at);
        expect(offsets(delivery)).toEqual(LADDER);
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, name) => run(name)));
  },
);

describe('scaled', () => {
  test('at 600x no attempt is early, by the account’s clock or by the wall', async () => {
    const api = apiOf(mock.url, 'scaled-600');
    await api.send('PUT', '/_sandbox/clock', { mode: 'scaled', rate: 600 });
    await api.register(down.url);
    const started = performance.now();
    const delivery = await api.settled(await api.trigger());
    const wall = performance.now() - started;
    const { attempts } = delivery;
    for (const [step, planned] of [30, 300, 1800].entries()) {
      const [before, after] = [attempts[step]!, attempts[step + 1]!];
      const due = Date.parse(before.next_attempt_at!);
      expect(due - Date.parse(before.ended_at)).toBe(planned * SECOND);
      expect(Date.parse(after.started_at)).toBeGreaterThanOrEqual(due);
    }
    // 2130 virtual seconds at 600x.
    expect(wall).toBeGreaterThanOrEqual(3500);
  });

  test('changing the rate or the mode reschedules waiting deliveries at once', async () => {
    const api = apiOf(mock.url, 'scaled-replan');
    await api.send('PUT', '/_sandbox/clock', { mode: 'realtime' });
    await api.register(down.url);
    const id = await api.trigger();
    const waiting = await api.get(`/_sandbox/deliveries/${id}/wait?until=settled&timeout_ms=200`);
    expect(waiting.data.delivery.attempts).toHaveLength(1);
    await api.send('PUT', '/_sandbox/clock', { mode: 'scaled', rate: 100_000 });
    expect((await api.settled(id)).status).toBe('dead');
  });

  test.each([
    [{ mode: 'scaled' }, 'rate'],
    [{ mode: 'scaled', rate: 0 }, 'rate'],
    [{ mode: 'scaled', rate: 1e9 }, 'rate'],
    [{ mode: 'realtime', rate: 2 }, 'rate'],
    [{ mode: 'fast' }, 'fast'],
  ])('refuses %j', async (setting, words) => {
    const api = apiOf(mock.url, 'scaled-bad');
    const { status, error } = await api.send('PUT', '/_sandbox/clock', setting);
    expect(status).toBe(422);
    expect(error.message).toContain(words);
  });
});

describe('realtime', () => {
  test('runs on its own, and can be advanced too', async () => {
    const api = apiOf(mock.url, 'realtime');
    await api.send('PUT', '/_sandbox/clock', { mode: 'realtime' });
    await api.register(down.url);
    const id = await api.trigger();
    const { from, to } = await api.advance({ by: '36m' });
    expect(Date.parse(to) - Date.parse(from)).toBeGreaterThanOrEqual(36 * MINUTE);
    expect((await api.delivery(id)).status).toBe('dead');
    const later = Date.parse((await api.get('/_sandbox/clock')).data.now);
    expect(later).toBeGreaterThanOrEqual(Date.parse(to));
  });
});

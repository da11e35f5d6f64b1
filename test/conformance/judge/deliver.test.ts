/**
 * Delivering as the provider does: again while the receiver asks for patience, and what is said of the effects.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  deliver,
  deliverNamed,
  effectsOf,
  judgeDelivered,
  judgeOnce,
  settleBehind,
  times,
} from '../../../src/conformance/judge/deliver.ts';
import { right, scripted } from '../scripted-receiver.ts';
import { answer, exchange } from '../fixtures.ts';

describe('an event is delivered', () => {
  test.for([409, 425, 429, 503])('again after %i, and then no more', async (status) => {
    await using receiver = await scripted((_, nth) => (nth < 2 ? status : 200));
    const { reply } = await deliver(receiver.probe, receiver.probe.event());
    expect(reply).toMatchObject({ kind: 'answer', status: 200 });
    expect(receiver.heard).toHaveLength(3);
    expect(new Set(receiver.heard.map(({ body }) => body)).size).toBe(1);
    expect(receiver.wall.now()).toBe(50 + 150);
  });

  test('at most five times, within one and a half seconds', async () => {
    await using receiver = await scripted(() => 503);
    const { reply } = await deliver(receiver.probe, receiver.probe.event());
    expect(reply).toMatchObject({ kind: 'answer', status: 503 });
    expect(receiver.heard).toHaveLength(5);
    expect(receiver.wall.now()).toBe(1500);
  });

  test.for([200, 401, 500, 502])('once when it is answered %i', async (status) => {
    await using receiver = await scripted(() => status);
    await deliver(receiver.probe, receiver.probe.event());
    expect(receiver.heard).toHaveLength(1);
    expect(receiver.wall.now()).toBe(0);
  });

  test('once when there is no answer', async () => {
    await using receiver = await scripted(() => 'cut');
    const { reply } = await deliver(receiver.probe, receiver.probe.event());
    expect(reply.kind).toBe('none');
    expect(receiver.heard).toHaveLength(1);
  });

  test('each time with what was asked for', async () => {
    await using receiver = await scripted((_, nth) => (nth === 0 ? 429 : 200));
    await deliver(receiver.probe, '{"id":"a"}', { headers: [['X-Try', 'yes']], signature: null });
    expect(receiver.heard.map(({ headers }) => headers['x-try'])).toEqual(['yes', 'yes']);
    expect(receiver.heard.map(({ headers }) => headers['x-sendemall-signature'])).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('effects', () => {
  test('cannot be asked for without a hook', async () => {
    await using receiver = await scripted(right);
    expect(() => effectsOf(receiver.probe)).toThrow(
      'a check that uses the effects hook must list it in "needs"',
    );
  });

  test.for([
    [0, 'no effect'],
    [1, 'one effect'],
    [2, '2 effects'],
  ] as const)('%i of them are called "%s"', ([count, words]) => {
    expect(times(count)).toBe(words);
  });

  test('a queue is through when a last event has had its effect', async () => {
    const asked: string[] = [];
    await using receiver = await scripted(right, {
      hooks: {
        effects: async (id) => {
          asked.push(id);
          return asked.length < 4 ? 0 : 1;
        },
      },
    });
    await settleBehind(receiver.probe);
    expect(receiver.heard).toHaveLength(1);
    expect(new Set(asked)).toEqual(new Set([receiver.heard[0]!.id]));
    expect(asked.length).toBeGreaterThanOrEqual(4);
  });

  test('a rejected last event is not waited for', async () => {
    const asked: string[] = [];
    await using receiver = await scripted(() => 500, {
      hooks: {
        effects: async (id) => {
          asked.push(id);
          return 0;
        },
      },
    });
    await settleBehind(receiver.probe);
    expect(asked).toEqual([]);
  });
});

describe('what was delivered is judged', () => {
  test('all accepted is no finding', () => {
    const good = { name: 'a', event: {} as never, exchange: exchange(answer(204)) };
    expect(judgeDelivered([good, good])).toBeNull();
    expect(judgeDelivered([])).toBeNull();
  });

  test('rejected events are reported by name', async () => {
    await using receiver = await scripted((_, nth) => [200, 500, 404][nth]!);
    const { probe } = receiver;
    const delivered = [
      await deliverNamed(probe, 'the first', probe.event()),
      await deliverNamed(probe, 'the second', probe.event()),
      await deliverNamed(probe, 'the third', probe.event()),
    ];
    expect(judgeDelivered(delivered)).toEqual({
      status: 'fail',
      symptom: 'refused',
      expected: ['a 2xx'],
      actual: expect.stringMatching(
        /^the second: 500 in \d+ ms; the third: 404 in \d+ ms$/,
      ) as string,
      exchanges: [delivered[1]!.exchange, delivered[2]!.exchange],
    });
    // Refused is said before anybody asks for effects.
    expect(await judgeOnce(probe, delivered)).toMatchObject({ expected: ['a 2xx'] });
  });

  test('one effect per event is no finding; none, or two, is one', async () => {
    const counts = new Map<string, number>();
    await using receiver = await scripted(right, {
      hooks: { effects: async (id) => counts.get(id) ?? 1 },
    });
    const { probe } = receiver;
    const delivered = [
      await deliverNamed(probe, 'one', probe.event()),
      await deliverNamed(probe, 'lost', probe.event()),
      await deliverNamed(probe, 'twice', probe.event()),
    ];
    expect(await judgeOnce(probe, delivered)).toBeNull();
    counts.set(delivered[1]!.event.id, 0).set(delivered[2]!.event.id, 2);
    expect(await judgeOnce(probe, delivered)).toEqual({
      status: 'fail',
      symptom: 'lost',
      expected: ['one effect per event'],
      actual: expect.stringMatching(
        /^lost: 204 in \d+ ms, no effect; twice: 204 in \d+ ms, 2 effects$/,
      ) as string,
      exchanges: [delivered[1]!.exchange, delivered[2]!.exchange],
    });
  });
});

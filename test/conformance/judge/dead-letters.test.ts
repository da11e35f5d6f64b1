/**
 * Dead letters in a real sandbox; a receiver that is made to fail, restarted, or asked to recover.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { produceDeadLetters, recover } from '../../../src/conformance/judge/dead-letters.ts';
import { whileFailing } from '../../../src/conformance/judge/failing-hook.ts';
import { hasHook, HOOK_MEMBERS, hooksWithout } from '../../../src/conformance/run/hook-members.ts';
import type { RunningSandbox } from '../../../src/conformance/hooks/hooks.ts';
import { restart } from '../../../src/conformance/judge/restart.ts';
import { createClient } from '../../../src/client/create-client.ts';
import { systemClock } from '../../../src/clock/system.ts';
import { createMock } from '../../../src/create-mock.ts';
import { leapingClock, right, scripted } from '../scripted-receiver.ts';

const API_KEY = 'dead-letters';

/** A real one; tells whether it was given back. */
const sandboxed = async (more: Partial<RunningSandbox> = {}) => {
  const mock = await createMock({ clock: 'frozen', rateLimit: false });
  let given = 0;
  let back = 0;
  return {
    mock,
    start: async (): Promise<RunningSandbox> => {
      given += 1;
      return {
        url: mock.url,
        apiKey: API_KEY,
        [Symbol.asyncDispose]: async () => {
          back += 1;
        },
        ...more,
      };
    },
    counts: () => [given, back],
    [Symbol.asyncDispose]: () => mock.close(0),
  };
};

describe('dead letters', () => {
  test('are made in a sandbox, of events of the suite, and taken away again', async () => {
    await using sandbox = await sandboxed();
    await using receiver = await scripted(right, { sandbox: sandbox.start, wall: systemClock });
    const client = createClient({ baseUrl: sandbox.mock.url, apiKey: API_KEY });
    {
      await using letters = await produceDeadLetters(receiver.probe, 3);
      const { source, bodies } = letters;
      expect(source).toMatchObject({ apiUrl: sandbox.mock.url, apiKey: API_KEY });
      const ids = bodies.map(({ id }) => id);
      expect(new Set(ids).size).toBe(3);
      expect(await letters.left()).toEqual(ids);
      for (const { id, body } of bodies) {
        expect(JSON.parse(body)).toMatchObject({ id, event: 'email.replied' });
      }
      // The provider's API shows them, too.
      const failed: string[] = [];
      for await (const { id } of client.failedEvents.list(source.webhookId)) failed.push(id);
      expect(failed.toSorted()).toEqual(ids.toSorted());
      await client.failedEvents.acknowledge(source.webhookId, ids[1]!);
      expect(await letters.left()).toEqual([ids[0], ids[2]]);
      expect(sandbox.counts()).toEqual([1, 0]);
    }
    expect(sandbox.counts()).toEqual([1, 1]);
    expect(await client.webhooks.list()).toEqual([]);
    expect(receiver.heard).toEqual([]);
  });

  test('need a sandbox', async () => {
    await using receiver = await scripted(right);
    await expect(produceDeadLetters(receiver.probe, 1)).rejects.toMatchObject({
      name: 'HookError',
      message: 'A check that uses dead letters must list "recovery" in "needs".',
    });
  });

  test('that do not come about give the sandbox back', async () => {
    await using sandbox = await sandboxed({ url: 'http://127.0.0.1:1' });
    await using receiver = await scripted(right, { sandbox: sandbox.start, wall: systemClock });
    await expect(produceDeadLetters(receiver.probe, 1)).rejects.toThrow();
    expect(sandbox.counts()).toEqual([1, 1]);
  });

  test('are given up after thirty seconds', async () => {
    await using sandbox = await sandboxed();
    const wall = leapingClock();
    await using receiver = await scripted(right, { sandbox: sandbox.start, wall });
    await expect(produceDeadLetters(receiver.probe, 1)).rejects.toThrow(
      'The sandbox produced no dead letters within 30 s.',
    );
    expect(wall.now()).toBe(30_000);
    expect(sandbox.counts()).toEqual([1, 1]);
  });

  test('are given up when the user breaks off', async () => {
    await using sandbox = await sandboxed();
    const signal = AbortSignal.abort(new Error('broken off'));
    await using receiver = await scripted(right, {
      sandbox: sandbox.start,
      wall: systemClock,
      signal,
    });
    await expect(produceDeadLetters(receiver.probe, 1)).rejects.toThrow('broken off');
    expect(sandbox.counts()).toEqual([1, 1]);
  });
});

describe('a recovery', () => {
  const letters = { source: { apiUrl: 'a', apiKey: 'b', webhookId: 'c' } } as never;

  test('receives the location of the dead letters', async () => {
    const told: unknown[] = [];
    await using receiver = await scripted(right, {
      hooks: { recover: async (from) => void told.push(from) },
    });
    await recover(receiver.probe, letters);
    expect(told).toEqual([{ apiUrl: 'a', apiKey: 'b', webhookId: 'c' }]);
  });

  test('needs its hook', async () => {
    await using receiver = await scripted(right);
    await expect(recover(receiver.probe, letters)).rejects.toThrow(
      'A check that uses the recovery hook must list it in "needs".',
    );
  });
});

describe('a failure on purpose', () => {
  test('ends with the work, whether it succeeds or fails', async () => {
    const told: unknown[] = [];
    await using receiver = await scripted(right, {
      hooks: { fault: async (failing) => void told.push(failing) },
    });
    expect(await whileFailing(receiver.probe, async () => told.push('work'))).toBe(2);
    expect(told).toEqual([true, 'work', false]);
    const falls = whileFailing(receiver.probe, () => Promise.reject(new Error('it fell')));
    await expect(falls).rejects.toThrow('it fell');
    expect(told).toEqual([true, 'work', false, true, false]);
  });

  test('needs its hook', async () => {
    await using receiver = await scripted(right);
    await expect(whileFailing(receiver.probe, async () => 1)).rejects.toThrow(
      'A check that uses the fault hook must list it in "needs".',
    );
  });
});

describe('a restart', () => {
  test('is over with the first event that is accepted', async () => {
    const order: string[] = [];
    await using receiver = await scripted(
      (_, nth) => {
        order.push('event');
        return nth < 3 ? 503 : 204;
      },
      { hooks: { restart: async () => void order.push('restart') } },
    );
    const exchange = await restart(receiver.probe);
    expect(exchange.reply).toMatchObject({ status: 204 });
    expect(order).toEqual(['restart', 'event', 'event', 'event', 'event']);
    expect(receiver.wall.now()).toBe(3 * 50);
    expect(new Set(receiver.heard.map(({ id }) => id)).size).toBe(4);
  });

  test('is waited for half a minute', async () => {
    await using receiver = await scripted(() => 503, { hooks: { restart: async () => undefined } });
    expect((await restart(receiver.probe)).reply).toMatchObject({ status: 503 });
    expect(receiver.wall.now()).toBe(30_000);
  });

  test('needs its hook', async () => {
    await using receiver = await scripted(right);
    await expect(restart(receiver.probe)).rejects.toThrow(
      'A check that uses the restart hook must list it in "needs".',
    );
  });
});

test('each hook has its callback, and those in doubt are left out', () => {
  const hooks = { effects: async () => 1, recover: async () => undefined };
  expect(Object.keys(HOOK_MEMBERS).filter((hook) => hasHook(hooks, hook as 'effects'))).toEqual([
    'effects',
    'recovery',
  ]);
  expect(Object.keys(hooksWithout(hooks, (hook) => hook === 'recovery'))).toEqual(['effects']);
  expect(hooksWithout(hooks, () => false)).toEqual(hooks);
  expect(Object.keys(hooks)).toEqual(['effects', 'recover']);
});

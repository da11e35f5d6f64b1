/**
 * Hooks cannot keep a run waiting, and are asked by no crowd.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { WallClock } from '../../../src/clock/port.ts';
import { boundHooks } from '../../../src/conformance/hooks/bounded-hooks.ts';
import type { Hooks } from '../../../src/conformance/hooks/hooks.ts';
import { listenersOf, recordingClock } from '../recording.ts';
import { leapingClock } from '../scripted-receiver.ts';

const never = (): Promise<never> => new Promise<never>(() => {});

/** Time never comes. */
const idle: WallClock = { now: () => 0, after: () => () => undefined };

const source = { apiUrl: 'a', apiKey: 'b', webhookId: 'c' };

const STUCK: Hooks = {
  effects: never,
  state: never,
  fault: never,
  restart: never,
  recover: never,
  campaign: never,
};

/** Each hook, asked once. */
const ASK: Readonly<Record<keyof Hooks, (hooks: Hooks) => Promise<unknown>>> = {
  effects: (hooks) => hooks.effects!('evt_1'),
  state: (hooks) => hooks.state!('a@b.example'),
  fault: (hooks) => hooks.fault!(true),
  restart: (hooks) => hooks.restart!(),
  recover: (hooks) => hooks.recover!(source),
  campaign: (hooks) => hooks.campaign!(),
};

const NAMES = Object.keys(ASK) as (keyof Hooks)[];

describe.each(NAMES)('the %s hook', (name) => {
  const seconds = name === 'restart' || name === 'recover' ? 75 : 15;

  test('is given up in the end', async () => {
    const wall = leapingClock();
    await expect(ASK[name](boundHooks(STUCK, wall, undefined))).rejects.toMatchObject({
      name: 'HookError',
      message: `The ${name} hook did not resolve within ${seconds} s. Let it resolve, or reject.`,
    });
    expect(wall.now()).toBe(seconds * 1000);
  });

  test('is given up when the user breaks off, before or meanwhile', async () => {
    const told = `The ${name} hook was interrupted.`;
    const user = new AbortController();
    const asking = ASK[name](boundHooks(STUCK, idle, user.signal));
    // What waits its turn is begun a moment later.
    await new Promise(setImmediate);
    user.abort();
    await expect(asking).rejects.toThrow(told);
    await expect(ASK[name](boundHooks(STUCK, idle, user.signal))).rejects.toThrow(told);
  });

  test('brings its own trouble, thrown or rejected', async () => {
    const falls = async (): Promise<never> => {
      throw new Error('wrong database');
    };
    const throws = (): never => {
      throw new Error('not wired up');
    };
    const rejected = boundHooks({ ...STUCK, [name]: falls }, idle, undefined);
    await expect(ASK[name](rejected)).rejects.toThrow('wrong database');
    const thrown = boundHooks({ ...STUCK, [name]: throws }, idle, undefined);
    await expect(ASK[name](thrown)).rejects.toThrow('not wired up');
  });

  test('leaves no timer and no listener behind', async () => {
    const { wall, armed } = recordingClock();
    const { signal } = new AbortController();
    const listeners = listenersOf(signal);
    const fine: Hooks = {
      effects: async () => 1,
      state: async () => ({ known: true }),
      fault: async () => undefined,
      restart: async () => undefined,
      recover: async () => undefined,
      campaign: async () => ({
        id: 'cmp_1',
        isPaused: async () => true,
        [Symbol.asyncDispose]: async () => undefined,
      }),
    };
    await ASK[name](boundHooks(fine, wall, signal));
    expect([armed.size, listeners()]).toEqual([0, 0]);
  });

  test('is not there when it was not given', () => {
    expect(boundHooks({}, idle, undefined)[name]).toBeUndefined();
  });
});

test('they get what they are asked with, and give what they answer', async () => {
  const got: unknown[] = [];
  const noted =
    <T>(answer: T) =>
    async (...given: unknown[]): Promise<T> => {
      got.push(...given);
      return answer;
    };
  const bound = boundHooks(
    {
      effects: noted(3),
      state: noted({ known: true }),
      fault: noted(undefined),
      recover: noted(undefined),
    },
    idle,
    undefined,
  );
  expect(await bound.effects!('evt_1')).toBe(3);
  expect(await bound.state!('a@b.example')).toEqual({ known: true });
  await bound.fault!(true);
  await bound.fault!(false);
  await bound.recover!(source);
  expect(got).toEqual(['evt_1', 'a@b.example', true, false, source]);
});

test('what was made to fail is made to work again, also after an interruption', async () => {
  const told: boolean[] = [];
  const fault = async (failing: boolean): Promise<void> => void told.push(failing);
  const bound = boundHooks({ fault }, idle, AbortSignal.abort());
  await expect(bound.fault!(true)).rejects.toThrow('was interrupted');
  await bound.fault!(false);
  expect(told).toEqual([false]);
});

test('a campaign is asked within the same limits, and released automatically', async () => {
  let back = 0;
  const watched = {
    id: 'cmp_1',
    isPaused: never,
    [Symbol.asyncDispose]: async () => {
      back += 1;
    },
  };
  const wall = leapingClock();
  const campaign = await boundHooks({ campaign: async () => watched }, wall, undefined).campaign!();
  expect(campaign.id).toBe('cmp_1');
  await expect(campaign.isPaused()).rejects.toThrow('The campaign hook did not resolve');
  await campaign[Symbol.asyncDispose]();
  expect(back).toBe(1);
});

test('four questions are asked at a time, and time counts from then', async () => {
  let asking = 0;
  let most = 0;
  let asked = 0;
  let timers = 0;
  const answer = async (): Promise<void> => {
    asked += 1;
    asking += 1;
    most = Math.max(most, asking);
    await new Promise(setImmediate);
    asking -= 1;
  };
  const wall = {
    now: () => 0,
    after: () => {
      timers += 1;
      // No timer is set before its question is asked.
      expect(timers).toBeLessThanOrEqual(asked + 1);
      return () => undefined;
    },
  };
  const bound = boundHooks(
    {
      effects: () => answer().then(() => 1),
      state: () => answer().then(() => ({ known: true })),
    },
    wall,
    undefined,
  );
  const all = Array.from({ length: 20 }, (_, at) => [
    bound.effects!(`evt_${at}`),
    bound.state!(`lead.${at}@a.example`),
  ]);
  await Promise.all(all.flat());
  expect([most, asked, timers]).toEqual([4, 40, 40]);
});

/**
 * Waiting for what a receiver does in its own time.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { createEffects, HookError, sleep, waitFor } from '../../../src/conformance/hooks/hooks.ts';
import { leapingClock } from '../scripted-receiver.ts';

/** What is counted at a time, and when it was asked. */
const counted = (at: (now: number) => number) => {
  const wall = leapingClock();
  const asked: number[] = [];
  const effects = createEffects(async (id) => {
    expect(id).toBe('evt_1');
    asked.push(wall.now());
    return at(wall.now());
  }, wall);
  return { wall, asked, effects };
};

describe('a count', () => {
  test('that is there is looked at once more', async () => {
    const { effects, asked } = counted(() => 1);
    expect(await effects.settled('evt_1', 1)).toBe(1);
    expect(asked).toEqual([0, 60]);
    expect(await effects.count('evt_1')).toBe(1);
  });

  test('is waited for every 20 ms, and must then stand still twice as long as it took', async () => {
    const { effects, asked } = counted((now) => (now < 100 ? 0 : 1));
    expect(await effects.settled('evt_1', 1)).toBe(1);
    expect(asked).toEqual([0, 20, 40, 60, 80, 100, 300]);
  });

  test('must stand still for as long as effects of the run usually take, between 20 and 600 ms', async () => {
    const standing = async (usualMs: number): Promise<number> => {
      const wall = leapingClock();
      const asked: number[] = [];
      const ready = new Map([['evt_2', usualMs]]);
      const effects = createEffects(async (id) => {
        if (id === 'evt_1') asked.push(wall.now());
        return wall.now() >= (ready.get(id) ?? 0) ? 1 : 0;
      }, wall);
      expect(await effects.appears('evt_2')).toBe(1);
      expect(await effects.settled('evt_1', 1)).toBe(1);
      return asked.at(-1)! - asked[0]!;
    };
    expect(await standing(0)).toBe(20);
    expect(await standing(40)).toBe(120);
    expect(await standing(900)).toBe(600);
  });

  test('must stand still for at most a second', async () => {
    const { effects, asked } = counted((now) => (now < 3000 ? 0 : 1));
    await effects.settled('evt_1', 1);
    expect(asked.slice(-2)).toEqual([3000, 4000]);
  });

  test('that grows is looked at again', async () => {
    const { effects, asked } = counted((now) => (now < 60 ? 1 : now < 120 ? 2 : 3));
    expect(await effects.settled('evt_1', 1)).toBe(3);
    expect(asked).toEqual([0, 60, 120, 180]);
  });

  test('that never comes is given up after five seconds, or as long as is said', async () => {
    const { effects, wall } = counted(() => 0);
    expect(await effects.settled('evt_1', 1)).toBe(0);
    expect(wall.now()).toBe(5060);
    const short = counted(() => 0);
    expect(await short.effects.settled('evt_1', 1, { forMs: 100, everyMs: 50 })).toBe(0);
    expect(short.asked).toEqual([0, 50, 100, 160]);
  });

  test('that never stands still is what it is when patience ends', async () => {
    const { effects, wall } = counted((now) => now);
    await effects.settled('evt_1', 0);
    expect(wall.now()).toBe(5040);
  });
});

describe('waiting', () => {
  test('asks until it fits', async () => {
    const wall = leapingClock();
    let asked = 0;
    const answer = await waitFor(
      wall,
      async () => (asked += 1),
      (one) => one === 4,
    );
    expect([answer, wall.now()]).toEqual([4, 60]);
  });

  test('ends with the last answer', async () => {
    const wall = leapingClock();
    const asked: number[] = [];
    const ask = async (): Promise<number> => asked.push(wall.now());
    expect(await waitFor(wall, ask, () => false, { forMs: 90, everyMs: 30 })).toBe(4);
    expect(asked).toEqual([0, 30, 60, 90]);
  });

  test('sleeps by the clock', async () => {
    const wall = leapingClock();
    await sleep(wall, 1234);
    expect(wall.now()).toBe(1234);
  });
});

test('trouble with a hook has a name of its own', () => {
  expect(new HookError('x')).toMatchObject({ name: 'HookError', message: 'x' });
});

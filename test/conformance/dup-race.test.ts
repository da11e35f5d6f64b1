/**
 * How often is raced, and what is said of events that took no effect.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { WallClock } from '../../src/clock/port.ts';
import { systemClock } from '../../src/clock/system.ts';
import { check } from '../../src/conformance/checks/delivery/dup-race.ts';
import { right, scripted, type Script } from './scripted-receiver.ts';

/** A clock that runs `factor` times as fast; sockets are real. */
const hurried = (factor: number): WallClock => ({
  now: () => systemClock.now() * factor,
  after: (ms, wake) => systemClock.after(ms / factor, wake),
});

const raced = async (wall: WallClock, effects: () => Promise<number>) => {
  await using receiver = await scripted(right, { wall, hooks: { effects } });
  const verdict = await check.run(receiver.probe);
  return { verdict, ids: new Set(receiver.heard.map(({ id }) => id)).size };
};

describe('ids', () => {
  test('sixty, where there is time', async () => {
    const { verdict, ids } = await raced(hurried(0.1), async () => 1);
    expect(verdict).toMatchObject({
      status: 'pass',
      note: expect.stringMatching(/^0 of 60 events/) as string,
    });
    // And the one that comes behind them.
    expect(ids).toBe(60 + 1);
  });

  /** Each round takes so long. */
  const slow = async (ms: number) => {
    const ids = new Set<string>();
    const note: Script = (heard, nth) => {
      ids.add(heard.id);
      return right(heard, nth);
    };
    const wall: WallClock = { ...systemClock, now: () => ids.size * ms };
    await using receiver = await scripted(note, { wall, hooks: { effects: async () => 1 } });
    expect(await check.run(receiver.probe)).toMatchObject({ status: 'pass' });
    return ids.size;
  };

  test('twenty, where more would take longer than two seconds', async () => {
    expect(await slow(150)).toBe(20 + 1);
  });

  test('fewer, where those would take longer than four', async () => {
    expect(await slow(500)).toBe(8 + 1);
  });
});

test('an event without effect is lost, and no matter of races', async () => {
  const { verdict } = await raced(hurried(5), async () => 0);
  expect(verdict).toMatchObject({
    status: 'fail',
    actual: expect.stringMatching(/were accepted with 2xx but had no effect$/) as string,
    diagnosis: expect.stringContaining('some were lost') as string,
    fix: expect.stringContaining('Remove the mark') as string,
  });
  expect(verdict).not.toHaveProperty('actual', expect.stringContaining('more than once'));
});

test('one that took effect twice is one, whatever became of others', async () => {
  let asked = 0;
  const { verdict } = await raced(hurried(5), async () => [0, 2][(asked += 1) % 2]!);
  expect(verdict).toMatchObject({ status: 'fail', actual: expect.stringContaining('up to 2') });
  expect(verdict).not.toHaveProperty('diagnosis');
});

/**
 * A receiver that is behind: as long as its queue moves, it is waited for.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { BehindError, createBacklog } from '../../../src/conformance/hooks/backlog.ts';
import { createEffectLatency } from '../../../src/conformance/hooks/effect-latency.ts';
import { createEffects, waitFor } from '../../../src/conformance/hooks/hooks.ts';
import { leapingClock } from '../scripted-receiver.ts';

interface Queued {
  /** Milliseconds that the worker needs for one event. */
  readonly eachMs: number;
  /** Places of events that it never processes. */
  readonly lost?: readonly number[];
  /** From this time on it does nothing any more. */
  readonly stopsAt?: number;
  /** Events that it takes at the start. */
  readonly events: number;
}

/** One worker, events in the order in which they came. */
const queued = ({ eachMs, lost = [], stopsAt = Infinity, events }: Queued) => {
  const wall = leapingClock();
  const asked: string[] = [];
  const places = new Map<string, number>();
  const count = async (id: string): Promise<number> => {
    asked.push(id);
    const place = places.get(id);
    if (place === undefined || lost.includes(place)) return 0;
    return Math.min(wall.now(), stopsAt) >= (place + 1) * eachMs ? 1 : 0;
  };
  const backlog = createBacklog(count, wall);
  const accept = (): string => {
    const id = `evt_${places.size}`;
    places.set(id, places.size);
    backlog.accepted(id);
    return id;
  };
  const ids = Array.from({ length: events }, accept);
  return { wall, asked, backlog, ids, effects: createEffects(count, wall, { queue: backlog }) };
};

describe('an event behind many', () => {
  test('is waited for as long as they are worked off', async () => {
    const { effects, ids, wall } = queued({ eachMs: 20, events: 1000 });
    expect(await effects.settled(ids.at(-1)!, 1)).toBe(1);
    expect(wall.now()).toBeGreaterThanOrEqual(20_000);
    expect(wall.now()).toBeLessThan(21_500);
  });

  test('at two seconds each, too', async () => {
    const { effects, ids } = queued({ eachMs: 2000, events: 12 });
    expect(await effects.settled(ids.at(-1)!, 1)).toBe(1);
  });

  test('is lost when those behind it have had their effects', async () => {
    const { effects, ids, wall } = queued({ eachMs: 20, events: 500, lost: [100] });
    expect(await effects.settled(ids[100]!, 1)).toBe(0);
    // The queue is through by then.
    expect(wall.now()).toBeLessThan(10_500);
  });

  test('is waited for behind repeats, which take as long and have no effect', async () => {
    const eachMs = 400;
    const wall = leapingClock();
    const repeats = 50;
    const count = async (id: string): Promise<number> =>
      wall.now() >= (id === 'first' ? eachMs : (repeats + 2) * eachMs) ? 1 : 0;
    const latency = createEffectLatency();
    const backlog = createBacklog(count, wall, latency.shortestMs);
    const effects = createEffects(count, wall, { queue: backlog, latency });
    backlog.accepted('first');
    await effects.settled('first', 1);
    for (let sent = 0; sent < repeats; sent += 1) backlog.accepted('first');
    backlog.accepted('last');
    expect(await effects.settled('last', 1)).toBe(1);
  });

  test('is lost when the queue stands still', async () => {
    const { effects, ids, wall } = queued({ eachMs: 20, events: 500, stopsAt: 4000 });
    expect(await effects.settled(ids.at(-1)!, 1)).toBe(0);
    expect(wall.now()).toBeLessThan(8500);
  });

  test('is asked for by few questions, whatever stands before it', async () => {
    const { effects, ids, asked } = queued({ eachMs: 20, events: 1000 });
    await effects.settled(ids.at(-1)!, 1);
    const others = asked.filter((id) => id !== ids.at(-1));
    expect(others.length).toBeLessThan(2500);
  });
});

test('nothing is waited for where nothing is left in the queue', async () => {
  const { effects, wall } = queued({ eachMs: 20, events: 3 });
  expect(await effects.settled('evt_unknown', 1)).toBe(0);
  expect(wall.now()).toBe(5060);
});

test('a short look waits for what came before it, too', async () => {
  const { effects, wall } = queued({ eachMs: 20, events: 50 });
  expect(await effects.settled('evt_unknown', 1, { forMs: 100 })).toBe(0);
  expect(wall.now()).toBeGreaterThanOrEqual(1000);
  expect(wall.now()).toBeLessThan(1500);
});

test('one that lost everything costs its patience once, and a moment', async () => {
  const { effects, ids, wall } = queued({ eachMs: 1, events: 5, lost: [0, 1, 2, 3, 4] });
  for (const id of ids) expect(await effects.settled(id, 1, { forMs: 100 })).toBe(0);
  expect(wall.now()).toBeLessThan(4000);
});

test('those who wait side by side look together', async () => {
  const { effects, ids, asked } = queued({ eachMs: 50, events: 200 });
  const counts = await Promise.all(ids.slice(-20).map((id) => effects.settled(id, 1)));
  expect(counts).toEqual(Array.from({ length: 20 }, () => 1));
  const others = asked.filter((id) => !ids.slice(-20).includes(id));
  expect(others.length).toBeLessThan(4000);
});

describe('a queue that is too long', () => {
  test('is given up after a minute', async () => {
    const { effects, ids, wall } = queued({ eachMs: 200, events: 1000 });
    await expect(effects.settled(ids.at(-1)!, 1)).rejects.toThrow(BehindError);
    expect(wall.now()).toBeGreaterThan(60_000);
    expect(wall.now()).toBeLessThan(67_000);
  });

  test('costs a whole run at most two minutes', async () => {
    const { effects, ids, wall } = queued({ eachMs: 300, events: 2000 });
    const last = ids.at(-1)!;
    for (let round = 0; round < 10; round += 1) {
      await expect(effects.settled(last, 1)).rejects.toThrow(/too far behind to be judged/);
    }
    // Five seconds of patience for each, and two minutes.
    expect(wall.now()).toBeLessThan(10 * 5500 + 125_000);
  });
});

test('a state is waited for in the same way', async () => {
  const { backlog, wall } = queued({ eachMs: 20, events: 600 });
  const reached = await waitFor(
    wall,
    async () => wall.now(),
    (now) => now >= 12_000,
    { queue: backlog },
  );
  expect(reached).toBeGreaterThanOrEqual(12_000);
});

test('each answer is judged once: a judge may compare it with the one before', async () => {
  const wall = leapingClock();
  const judged: number[] = [];
  let asked = 0;
  const last = await waitFor(
    wall,
    async () => (asked += 1),
    (answer) => {
      judged.push(answer);
      return false;
    },
    { forMs: 60 },
  );
  expect(judged).toEqual(Array.from({ length: last }, (_, at) => at + 1));
});

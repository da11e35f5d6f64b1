import { expect, test } from 'vitest';
import { seededRandom } from '../../src/domain/random.ts';

test('a seed gives the same numbers on every machine', () => {
  const random = seededRandom(42);
  expect([random(), random(), random()]).toEqual([
    0.12848330102860928, 0.03353364090435207, 0.07509804493747652,
  ]);
});

test('seeds are taken modulo 2 ** 32, others give other numbers', () => {
  expect(seededRandom(2 ** 32 + 42)()).toBe(seededRandom(42)());
  expect(seededRandom(-1)()).toBe(seededRandom(2 ** 32 - 1)());
  const firsts = Array.from({ length: 1000 }, (_, seed) => seededRandom(seed)());
  expect(new Set(firsts).size).toBe(1000);
});

test('numbers lie in [0, 1), evenly', () => {
  const random = seededRandom(7);
  const tenths = new Map<number, number>();
  for (let drawn = 0; drawn < 100_000; drawn += 1) {
    const tenth = Math.floor(random() * 10);
    tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
  }
  expect(new Set(tenths.keys())).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  // 10,000 each, with a standard deviation of about 95.
  for (const count of tenths.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

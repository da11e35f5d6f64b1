/**
 * Minimisation and bisection, on faults that are known.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import {
  bisect,
  minimiseItems,
  minimiseText,
} from '../../../src/conformance/experiments/minimise.ts';

describe('minimiseItems', () => {
  const items = Array.from({ length: 32 }, (_, at) => at);

  test.each([
    ['one item', [13]],
    ['two items that are far apart', [0, 31]],
    ['three items', [3, 4, 20]],
  ])('finds %s', async (_, needed) => {
    let tries = 0;
    const found = await minimiseItems(
      items,
      async (kept) => {
        tries += 1;
        return needed.every((one) => kept.includes(one));
      },
      200,
    );
    expect(found).toEqual(needed);
    expect(tries).toBeLessThan(130);
  });

  test('ends when the tries are spent, with what still shows the fault', async () => {
    const shows = async (kept: readonly number[]): Promise<boolean> => kept.includes(5);
    const found = await minimiseItems(items, shows, 2);
    expect(found).toContain(5);
  });

  test('leaves a single item as it is', async () => {
    expect(await minimiseItems(['a'], async () => true, 10)).toEqual(['a']);
  });
});

test('minimiseText keeps code points whole', async () => {
  const text = 'Thanks 👍 for reaching out';
  expect(await minimiseText(text, async (kept) => kept.includes('👍'), 100)).toBe('👍');
});

describe('bisect', () => {
  test.each([
    [0, 1000, 255],
    [8, 9, 8],
    [1, 60_000, 59_999],
  ])('between %i and %i, the last good one is %i', async (good, bad, last) => {
    expect(await bisect(good, bad, async (count) => count > last)).toEqual({
      good: last,
      bad: last + 1,
    });
  });

  test('downwards, too', async () => {
    expect(await bisect(40, 2, async (count) => count < 12)).toEqual({ good: 12, bad: 11 });
  });
});

/**
 * Smaller histories: every candidate is smaller, and what a fault needs is reached.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/domain/random.ts';
import { randomHistories } from '../../../src/conformance/histories/random.ts';
import { candidates } from '../../../src/conformance/histories/shrink.ts';
import type { History, Step } from '../../../src/conformance/histories/step.ts';

/** The greedy search, against a fault that is known. */
const shrink = (history: History, isFaulty: (history: History) => boolean): History => {
  const smaller = candidates(history).find((one) => isFaulty(one));
  return smaller === undefined ? history : shrink(smaller, isFaulty);
};

const sample = (count: number): readonly History[] => {
  const histories = randomHistories(seededRandom(7), { thorough: true, withRestart: true });
  return Array.from({ length: count }, () => histories.next().value as History);
};

const has = (history: History, ...kinds: readonly Step['kind'][]): boolean => {
  let from = 0;
  return kinds.every((kind) => {
    const at = history.findIndex((step, place) => place >= from && step.kind === kind);
    from = at + 1;
    return at !== -1;
  });
};

describe('a history shrinks to what its fault needs', () => {
  test.each([
    [['restart']],
    [['forgery', 'event']],
    [['repeat', 'pause', 'event']],
    [['together', 'event']],
  ] as const)('%j', (kinds) => {
    const faulty = sample(400).filter((history) => has(history, ...kinds));
    expect(faulty.length).toBeGreaterThan(0);
    for (const history of faulty) {
      const smallest = shrink(history, (one) => has(one, ...kinds));
      expect(smallest.map(({ kind }) => kind)).toEqual(kinds);
    }
  });
});

test('parts of one moment are left out, and sent in turn where the moment does not matter', () => {
  const history = sample(50).find(({ length }) => length > 2)!;
  const together: Step = {
    kind: 'together',
    parts: [0, 1, 2, 3].map((lead) => ({ kind: 'event', type: 'email.sent', lead })),
  };
  const needsPair = (one: History): boolean =>
    one.some((step) => step.kind === 'together' && step.parts.length >= 2);
  const pair = shrink([together, ...history], needsPair);
  expect(pair).toHaveLength(1);
  expect(pair[0]).toMatchObject({ kind: 'together', parts: { length: 2 } });
  const inTurn = shrink([together], (one) => has(one, 'event'));
  expect(inTurn).toEqual([{ kind: 'event', type: 'email.sent', lead: 3, path: 'fresh' }]);
});

test('a burst is halved as long as it shows the fault', () => {
  const burst: Step = { kind: 'burst', count: 150, type: 'email.replied' };
  const [step] = shrink([burst], ([one]) => one?.kind === 'burst' && one.count > 64);
  expect(step).toMatchObject({ kind: 'burst' });
  const { count } = step as { readonly count: number };
  expect(count).toBeGreaterThan(64);
  expect(count).toBeLessThan(100);
});

test('random histories are the same for the same seed, and end with a valid event', () => {
  expect(sample(20)).toEqual(sample(20));
  for (const history of sample(100)) expect(history.at(-1)?.kind).toBe('event');
});

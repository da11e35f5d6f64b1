/**
 * The tests of one share of the mutants. Two files have one each, so that both of a small machine's cores are used.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { MUTANTS } from '../receivers/mutants/all.ts';
import { judgeMutant } from './judge.ts';
import { examineMutant } from './lab.ts';

const SHARES = 2;

export const testMutants = (share: number): void => {
  describe.concurrent('every mutant is caught', () => {
    const mine = MUTANTS.filter((_, index) => index % SHARES === share);
    test.for(mine)('$name', { timeout: 60_000 }, async (mutant) => {
      expect(judgeMutant(mutant, await examineMutant(mutant))).toEqual([]);
    });
  });
};

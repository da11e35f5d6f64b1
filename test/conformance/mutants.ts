/**
 * The tests of one half of the mutants. Two files have one each, so that both of a small machine's cores are used.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { MUTANTS } from '../receivers/mutants/all.ts';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { judgeMutant } from './judge.ts';
import { examineMutant } from './run-suite.ts';
import { describeSample, sample } from '../support/sample.ts';

const FILES = 2;
/** Consecutive seeds that try every mutant. */
const PARTS = 5;

/** Ends a run that hangs. Eight run at a time, and beside other work each may get a thirtieth of a core. Milliseconds. */
const HANGS_AFTER_MS = 300_000;

/**
 * What a verdict on a mutant rests on: the checks that claim it, every MUST, and what those wait for. The rest would
 * take half of the time; `npm run matrix` runs it.
 */
const checksFor = (mutant: string): readonly string[] => {
  const wanted = new Set(
    CATALOGUE.filter(({ level, catches }) => level === 'MUST' || catches.includes(mutant)),
  );
  for (const check of wanted) {
    const after = 'after' in check ? (check.after ?? []) : [];
    for (const one of CATALOGUE) if (after.includes(one.id)) wanted.add(one);
  }
  return [...wanted].map(({ id }) => id);
};

export const testMutants = (file: number): void => {
  const half = MUTANTS.filter((_, index) => index % FILES === file);
  describe.concurrent(`each mutant is caught (${describeSample(half, PARTS)})`, () => {
    test.for(sample(half, PARTS))('$name', { timeout: HANGS_AFTER_MS }, async (mutant) => {
      expect(judgeMutant(mutant, await examineMutant(mutant, checksFor(mutant.name)))).toEqual([]);
    });
  });
};

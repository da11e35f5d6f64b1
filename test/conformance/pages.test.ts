/**
 * The page of every check: its wrong example fails exactly this check, and its output is what the suite prints today.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { describeSample, sample } from '../support/sample.ts';
import {
  comparable,
  flawsOf,
  mutantOf,
  printRight,
  printWrong,
  problemsOf,
  readOutputs,
} from './page-outputs.ts';
import { examineMutant } from './run-suite.ts';

const OUTPUTS = new Map(readOutputs().map((output) => [output.id, output]));
const IDS = CATALOGUE.map(({ id }) => id as string);

test('every check has recorded output, and each example is a mutant that it claims to catch', () => {
  expect([...OUTPUTS.keys()]).toEqual(IDS);
  for (const { id, catches } of CATALOGUE) expect(catches).toContain(OUTPUTS.get(id)!.example);
});

test('every recorded output shows its check failed, and the right receiver passed', () => {
  for (const { id } of CATALOGUE) expect(flawsOf(OUTPUTS.get(id)!), id).toEqual([]);
});

/** Consecutive seeds that try every page. */
const PARTS = 20;

describe.each(sample(CATALOGUE, PARTS))(`$id (${describeSample(CATALOGUE, PARTS)})`, (check) => {
  const { example, wrong, right } = OUTPUTS.get(check.id)!;

  test('is the one finding of its wrong example', { timeout: 300_000 }, async () => {
    expect(problemsOf(check, await examineMutant(mutantOf(example)))).toEqual([]);
  });

  test('prints what its page shows', { timeout: 300_000 }, async () => {
    expect(comparable(await printWrong(check, mutantOf(example)))).toBe(comparable(wrong));
    expect(comparable(await printRight(check))).toBe(comparable(right));
  });
});

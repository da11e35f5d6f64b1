/**
 * A seeded part of the automatic mutants, and the list of those that are equivalent. `npm run mutants` tries them all.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testSeed } from '../support/sample.ts';
import { EQUIVALENT, equivalenceOf, gapOf, isMeant } from './equivalent.ts';
import { judgeMutant } from './judge.ts';
import type { AutomaticMutant } from './mutant.ts';
import { sampleOf } from './sample.ts';
import { SOURCES } from './sources.ts';

/** Of each receiver: one takes a few seconds. */
const COUNT = 1;
const TIMEOUT_MS = 120_000;

let folder = '';
const mutants = new Map<string, readonly AutomaticMutant[]>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'automatic-mutants-'));
  for (const { name, prepare } of SOURCES) mutants.set(name, await prepare(join(folder, name)));
}, TIMEOUT_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('every entry of the list of equivalent mutants stands for a mutant', () => {
  const all = [...mutants.values()].flat();
  const stale = EQUIVALENT.filter((entry) => !all.some((mutant) => isMeant(mutant, entry)));
  expect(stale).toEqual([]);
});

describe(`mutants that are not equivalent (${COUNT} of each receiver, seed ${testSeed})`, () => {
  test.for(SOURCES.map(({ name }) => name))(
    'of the %s receiver do not pass the conformance suite',
    { timeout: TIMEOUT_MS },
    async (name) => {
      const open = mutants
        .get(name)!
        .filter((mutant) => equivalenceOf(mutant) === null && gapOf(mutant) === null);
      for (const mutant of sampleOf(open, COUNT, String(testSeed))) {
        const { outcome } = await judgeMutant(mutant);
        const { place, original, replacement } = mutant;
        const shown = `${outcome} (seed ${testSeed}): ${place} ${original} -> ${replacement}`;
        expect(shown).not.toMatch(/^survived/);
      }
    },
  );
});

/**
 * A seeded part of a list.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { AutomaticMutant } from './mutant.ts';

const rankOf = (seed: string, { place, original, replacement }: AutomaticMutant): string =>
  createHash('sha256').update(`${seed} ${place} ${original} ${replacement}`).digest('hex');

/** @returns `count` of them, the same for the same seed, in the order of the list */
export const sampleOf = (
  mutants: readonly AutomaticMutant[],
  count: number,
  seed: string,
): readonly AutomaticMutant[] => {
  const ranked = mutants.toSorted((one, other) =>
    rankOf(seed, one) < rankOf(seed, other) ? -1 : 1,
  );
  const chosen = new Set(ranked.slice(0, count));
  return mutants.filter((mutant) => chosen.has(mutant));
};

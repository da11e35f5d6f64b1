/**
 * Mutants that behave as the original does, or whose difference no provider can see, each with the reason.
 *
 * @module
 */
import type { AutomaticMutant } from './mutant.ts';

interface Equivalence {
  /** Beginning of the place. */
  readonly file: string;
  readonly original: RegExp;
  readonly replacement?: RegExp;
  readonly reason: string;
}

const EQUIVALENT: readonly Equivalence[] = [];

/** Why this mutant is equivalent; null if it is not known to be. */
export const equivalenceOf = ({ place, original, replacement }: AutomaticMutant): string | null =>
  EQUIVALENT.find(
    (one) =>
      place.startsWith(one.file) &&
      one.original.test(original) &&
      (one.replacement?.test(replacement) ?? true),
  )?.reason ?? null;

/**
 * Mutants of the area `http`.
 *
 * @module
 */
import type { Mutant } from './mutant.ts';

export const HTTP_MUTANTS: readonly Mutant[] = [];

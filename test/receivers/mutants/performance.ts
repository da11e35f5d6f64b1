/**
 * Mutants of the area `performance`.
 *
 * @module
 */
import type { Mutant } from './mutant.ts';

export const PERFORMANCE_MUTANTS: readonly Mutant[] = [];

/**
 * Mutants of the area `domain`.
 *
 * @module
 */
import type { Mutant } from './mutant.ts';

export const DOMAIN_MUTANTS: readonly Mutant[] = [];

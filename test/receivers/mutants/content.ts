/**
 * Mutants of the area `content`.
 *
 * @module
 */
import type { Mutant } from './mutant.ts';

export const CONTENT_MUTANTS: readonly Mutant[] = [];

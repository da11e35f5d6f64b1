/**
 * Mutants of the area `delivery`.
 *
 * @module
 */
import type { Mutant } from './mutant.ts';

export const DELIVERY_MUTANTS: readonly Mutant[] = [];

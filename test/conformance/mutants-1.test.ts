/**
 * The mutants, share 1.
 *
 * @module
 */
import { testMutants } from './mutants.ts';

testMutants(0);

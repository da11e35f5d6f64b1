/**
 * The mutants, share 2.
 *
 * @module
 */
import { testMutants } from './mutants.ts';

testMutants(1);

/**
 * A database that cannot be used.
 *
 * @module
 */
import { StartError } from './start-error.ts';

/** Thrown when a store is opened. The message names the location, the cause and the remedy. */
export class StoreError extends StartError {
  override readonly name = 'StoreError';
}

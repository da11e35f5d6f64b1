/**
 * What the user can mend: a wrong flag, value or file.
 *
 * @module
 */

/** Ends the command with status 2. The message names what is wrong and the remedy, and never holds a key or a secret. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

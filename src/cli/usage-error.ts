/**
 * Error for invalid usage: a flag, a value or a file that the user can fix.
 *
 * @module
 */

/** Ends the command with status 2. The message gives the cause and the remedy, and never contains a key or a secret. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

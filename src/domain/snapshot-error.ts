/**
 * A snapshot that cannot be loaded.
 *
 * @module
 */

/** The message says where it does not fit and what to do; nothing was changed. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/**
 * Error for a snapshot that cannot be restored.
 *
 * @module
 */
/** The message gives the position and the remedy. Nothing has been changed. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/**
 * @param where path of the invalid value: `tables.event[0].seq`
 * @param why a predicate: `is 7, and is used twice`
 */
export const invalidSnapshot = (where: string, why: string): SnapshotError =>
  new SnapshotError(
    `Invalid snapshot: ${where} ${why}. Restore a snapshot of this version of the sandbox, unmodified.`,
  );

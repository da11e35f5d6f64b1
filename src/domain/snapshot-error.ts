/**
 * Error for a snapshot that cannot be imported.
 *
 * @module
 */

/** The snapshot is invalid, and nothing was changed. The message names the place, the problem and the remedy. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/**
 * @param where e.g. `tables.event[0].seq`
 * @param problem predicate without a full stop, e.g. `must be a number`
 */
export const invalidSnapshot = (where: string, problem: string): SnapshotError =>
  new SnapshotError(
    `Invalid snapshot: ${where} ${problem}. Load an unmodified snapshot that this version of the sandbox saved.`,
  );

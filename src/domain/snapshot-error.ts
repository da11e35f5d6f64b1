/**
 * A snapshot that cannot be loaded.
 *
 * @module
 */
/** The message says where it does not fit and what to do; nothing was changed. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** @param where e.g. `tables.event[0].seq` */
export const snapshotMisfit = (where: string, why: string): SnapshotError =>
  new SnapshotError(
    `This snapshot does not fit: ${where} ${why}. Load one that this version of the sandbox saved, unchanged.`,
  );

/**
 * A snapshot that cannot be loaded, or not be saved.
 *
 * @module
 */
import { LIMITS } from '../../schemas/contract.ts';

export const MAX_SNAPSHOT_BYTES: number = LIMITS.maxSnapshotBytes;

/** The account holds more than a snapshot may. */
export class SnapshotTooLarge extends Error {
  override readonly name = 'SnapshotTooLarge';
}

/** The message says where it does not fit and what to do; nothing was changed. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** @param where e.g. `tables.event[0].seq` */
export const snapshotMisfit = (where: string, why: string): SnapshotError =>
  new SnapshotError(
    `This snapshot does not fit: ${where} ${why}. Load one that this version of the sandbox saved, unchanged.`,
  );

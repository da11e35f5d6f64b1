/**
 * Whether an account can be saved at all: a snapshot that is larger than one that may be loaded is of no use, and
 * putting it together would take the time and the memory of everybody else.
 *
 * @module
 */
import { MAX_SNAPSHOT_BYTES, SnapshotTooLarge } from '../../domain/snapshot-error.ts';

type Row = Readonly<Record<string, string | number | null>>;

/** The least that a row of each kind takes, with the names of its columns. */
const MIN_EVENT_BYTES = 150;
const MIN_DELIVERY_BYTES = 200;

/**
 * Refuses by the counts alone, before any row is read.
 *
 * @throws {SnapshotTooLarge}
 */
export const checkCountsFit = (events: number, deliveries: number): void => {
  const least = events * MIN_EVENT_BYTES + deliveries * MIN_DELIVERY_BYTES;
  if (least > MAX_SNAPSHOT_BYTES) throw new SnapshotTooLarge();
};

/** @returns what adds a row's size up, and throws {@link SnapshotTooLarge} as soon as all of them are too large */
export const createSizeCheck = (): ((row: Row) => void) => {
  let bytes = 0;
  return (row) => {
    for (const [column, value] of Object.entries(row)) {
      bytes += column.length + 4 + (typeof value === 'string' ? value.length : 4);
    }
    if (bytes > MAX_SNAPSHOT_BYTES) throw new SnapshotTooLarge();
  };
};

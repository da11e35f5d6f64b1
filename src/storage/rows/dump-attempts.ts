/**
 * Attempts of a snapshot, which are rows of their own, in the order in which they were made.
 *
 * @module
 */
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import type { AccountDump } from '../store.ts';
import { invalidSnapshot } from '../../domain/snapshot-error.ts';
import type { RowOf } from './columns.ts';

/**
 * Collects the serialised attempts of each delivery, as `readAttempts` expects them.
 *
 * @param dump a snapshot whose rows have been checked
 * @returns serialised attempts by the number of their delivery
 * @throws {SnapshotError} if an attempt refers to no delivery, or attempts are not numbered consecutively
 */
export const attemptsIn = async (dump: AccountDump): Promise<ReadonlyMap<number, string>> => {
  const isSliceDone = createPace();
  const deliveries = new Set((dump.tables['delivery'] ?? []).map((row) => row?.['seq']));
  const records = new Map<number, string[]>();
  for (const [index, row] of (dump.tables['attempt'] ?? []).entries()) {
    const where = `tables.attempt[${index}]`;
    if (isSliceDone(0)) await nextTurn();
    const { delivery, number, record } = row as RowOf<'attempt'>;
    if (!deliveries.has(delivery)) {
      throw invalidSnapshot(
        where,
        `refers to delivery ${delivery}, which the snapshot does not contain`,
      );
    }
    const list = records.get(delivery) ?? [];
    records.set(delivery, list);
    if (list.push(record) !== number) {
      throw invalidSnapshot(
        `${where}.number`,
        `is ${number}, but the attempts of a delivery must be numbered 1, 2, 3 … in order`,
      );
    }
  }
  const joined = new Map<number, string>();
  for (const [delivery, list] of records) {
    if (isSliceDone(0)) await nextTurn();
    joined.set(delivery, list.join(','));
  }
  return joined;
};

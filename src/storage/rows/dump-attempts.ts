/**
 * Attempts in a snapshot: rows of their own, in the order in which they were made.
 *
 * @module
 */
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import type { AccountDump } from '../store.ts';
import { snapshotMisfit as misfit } from '../../domain/snapshot-error.ts';
import type { RowOf } from './columns.ts';

/**
 * Records of a snapshot, whose rows have been checked, by the number of their delivery, as `readAttempts` takes them.
 *
 * @throws {SnapshotError}
 */
export const attemptsIn = async (dump: AccountDump): Promise<ReadonlyMap<number, string>> => {
  const isEnough = createPace();
  const deliveries = new Set((dump.tables['delivery'] ?? []).map((row) => row?.['seq']));
  const records = new Map<number, string[]>();
  for (const [index, row] of (dump.tables['attempt'] ?? []).entries()) {
    const where = `tables.attempt[${index}]`;
    if (isEnough(0)) await nextTurn();
    const { delivery, number, record } = row as RowOf<'attempt'>;
    if (!deliveries.has(delivery)) {
      throw misfit(where, `names a delivery ${delivery} that is not in it`);
    }
    const list = records.get(delivery) ?? [];
    records.set(delivery, list);
    if (list.push(record) !== number) {
      throw misfit(`${where}.number`, `is ${number}: attempts are numbered from 1 on`);
    }
  }
  const joined = new Map<number, string>();
  for (const [delivery, list] of records) {
    if (isEnough(0)) await nextTurn();
    joined.set(delivery, list.join(','));
  }
  return joined;
};

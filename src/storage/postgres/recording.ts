/**
 * Records attempts. The records of a call are independent of each other, and share their commit with others.
 *
 * @module
 */
import { rowAccount, rowNumber } from '../../domain/delivery-id.ts';
import { afterRecord } from '../../domain/delivery-transitions.ts';
import { writeAttempt } from '../rows/attempt-record.ts';
import { STATUS_CODES } from '../rows/status.ts';
import type { AttemptRecord, QueueStore } from '../store.ts';
import type { AccountState } from './account-states.ts';
import type { PartChange, Rows } from './commit-statement.ts';
import { groupBy } from './group-by.ts';
import type { Write } from './group-commit.ts';

/** Adds a record to a commit. @returns a function for after the commit; null if the record is refused */
const addRecord = (
  { delivery, attempt, status }: AttemptRecord,
  { flights }: AccountState,
  change: PartChange,
  { records }: Rows,
): (() => void) | null => {
  const number = rowNumber(delivery);
  const flight = flights.all.get(number);
  if (flight === undefined || flight.attempt !== attempt.number) return null;
  if (records.keys.has(delivery)) return null;
  records.keys.add(delivery);
  const isDeleted = flights.webhookDeletedAt(flight.webhook) !== null;
  const update = afterRecord(status, attempt, isDeleted);
  records.part.push(change.part);
  records.seq.push(number);
  records.status.push(STATUS_CODES[update.status]);
  records.number.push(attempt.number);
  records.dueAt.push(update.dueAt);
  records.settledAt.push(update.settledAt);
  records.text.push(writeAttempt(attempt, update.dueAt));
  change.more.pending -= 1;
  change.more[update.status] += 1;
  return () => flights.remove(number);
};

const WEIGHT = 2000;

const weightOf = (records: readonly AttemptRecord[]): number =>
  records.reduce((sum, { attempt }) => sum + WEIGHT + (attempt.response?.body.length ?? 0), 0);

/**
 * Records attempts of one account.
 *
 * @returns the refused records
 */
const recordOf = (
  join: (write: Write) => void,
  records: readonly AttemptRecord[],
): Promise<readonly AttemptRecord[]> =>
  new Promise((resolve, fail) => {
    join({
      account: rowAccount(records[0]?.delivery ?? 0),
      weight: weightOf(records),
      fail,
      refuse: () => resolve(records),
      reject: async () => {
        if (records.length === 1) resolve(records);
        // Which record cannot be stored is found out by writing each on its own.
        else resolve((await Promise.all(records.map((one) => recordOf(join, [one])))).flat());
      },
      prepare: (state, change, rows) => {
        const refused: AttemptRecord[] = [];
        const ends = records.flatMap((record) => {
          const end = addRecord(record, state, change, rows);
          if (end === null) refused.push(record);
          return end ?? [];
        });
        const settle = (): void => resolve(refused);
        if (ends.length === 0) {
          settle();
          return null;
        }
        return () => {
          for (const end of ends) end();
          settle();
        };
      },
    });
  });

export const createRecording =
  (join: (write: Write) => void): QueueStore['recordAttempts'] =>
  async (records) => {
    const byAccount = groupBy(records, ({ delivery }) => rowAccount(delivery));
    const refused = (
      await Promise.all([...byAccount.values()].map((group) => recordOf(join, group)))
    ).flat();
    if (refused.length === 0) return [];
    const isRefused = new Set(refused);
    return records.filter((record) => isRefused.has(record));
  };

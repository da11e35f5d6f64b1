/**
 * Attempts of a snapshot, which are rows of their own, in the order in which they were made.
 *
 * They are read beside the deliveries, slice by slice: an exported snapshot has them in the order of the deliveries. In any
 * other order they wait in memory for their delivery, up to {@link MAX_WAITING_CHARACTERS}.
 *
 * @module
 */
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { slicesOf, placedSlicesOf } from '../../domain/sliced-list.ts';
import { invalidSnapshot } from '../../domain/snapshot-error.ts';
import type { AccountDump, DumpRow } from '../store.ts';
import type { RowOf } from './columns.ts';
import { createNumberMap, type NumberMap } from './number-map.ts';

const MAX_WAITING_CHARACTERS = 16_777_216;
/** Characters to read ahead: a transaction holds the deliveries of several slices of attempts. */
const AHEAD_CHARACTERS = 524_288;

/** Serialised attempts by delivery, as `readAttempts` expects them. Each delivery is taken once. */
export interface DumpAttempts {
  /** Whether a delivery's attempts have been read. */
  isReady(delivery: number): boolean;
  /**
   * Reads until a delivery's attempts have been read.
   *
   * @throws {SnapshotError} if too many attempts of other deliveries come before them
   */
  load(delivery: number): Promise<void>;
  /** @returns null without attempts */
  take(delivery: number): string | null;
}

/** Attempts that wait for their delivery. */
interface Waiting {
  readonly records: string[];
  characters: number;
}

const checkedCounts = async ({ tables }: AccountDump): Promise<NumberMap> => {
  const isSliceDone = createPace();
  const counts = createNumberMap();
  if ((tables['attempt']?.length ?? 0) === 0) return counts;
  for await (const rows of slicesOf(tables['delivery'] ?? [])) {
    for (const row of rows) {
      if (isSliceDone(0)) await nextTurn();
      counts.set(Number(row['seq']), 0);
    }
  }
  for await (const { from, items } of placedSlicesOf(tables['attempt'] ?? [])) {
    for (const [index, row] of items.entries()) {
      if (isSliceDone(0)) await nextTurn();
      const { delivery, number } = row as RowOf<'attempt'>;
      const where = `tables.attempt[${from + index}]`;
      const count = counts.get(delivery);
      if (count === undefined) {
        throw invalidSnapshot(
          where,
          `refers to delivery ${delivery}, which the snapshot does not contain`,
        );
      }
      if (count + 1 !== number) {
        throw invalidSnapshot(
          `${where}.number`,
          `is ${number}, but the attempts of a delivery must be numbered 1, 2, 3 … in order`,
        );
      }
      counts.set(delivery, number);
    }
  }
  return counts;
};

/**
 * Checks the attempts of a snapshot, and opens a reader of them.
 *
 * @param dump a snapshot whose rows have been checked
 * @throws {SnapshotError} if an attempt refers to no delivery, or attempts are not numbered consecutively
 */
export const openAttempts = async (dump: AccountDump): Promise<DumpAttempts> => {
  const counts = await checkedCounts(dump);
  const slices = slicesOf(dump.tables['attempt'] ?? []);
  const waiting = new Map<number, Waiting>();
  let characters = 0;

  const add = (row: DumpRow): void => {
    const { delivery, record } = row as RowOf<'attempt'>;
    const entry = waiting.get(delivery) ?? { records: [], characters: 0 };
    waiting.set(delivery, entry);
    entry.records.push(record);
    entry.characters += record.length;
    characters += record.length;
  };
  const isReady = (delivery: number): boolean =>
    (waiting.get(delivery)?.records.length ?? 0) === (counts.get(delivery) ?? 0);

  return {
    isReady,
    load: async (delivery) => {
      while (!isReady(delivery) || characters < AHEAD_CHARACTERS) {
        const { value: rows } = await slices.next();
        if (rows === undefined) return;
        for (const row of rows) add(row);
        if (characters > MAX_WAITING_CHARACTERS && !isReady(delivery)) {
          throw invalidSnapshot(
            'tables.attempt',
            `must be in the order of the deliveries, with at most ${MAX_WAITING_CHARACTERS} characters out of order or in one delivery`,
          );
        }
      }
    },
    take: (delivery) => {
      const entry = waiting.get(delivery);
      if (entry === undefined) return null;
      waiting.delete(delivery);
      // A second row of the same delivery has none; the store refuses it.
      counts.set(delivery, 0);
      characters -= entry.characters;
      return entry.records.join(',');
    },
  };
};

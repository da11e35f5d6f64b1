/**
 * Inserts a snapshot's rows into a hidden partition, slice by slice. Rows are numbered within their account, so events and
 * deliveries keep their ids in every account.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { StoredEvent } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { placedSlicesOf, type Slices } from '../../domain/sliced-list.ts';
import { invalidSnapshot } from '../../domain/snapshot-error.ts';
import type { AccountDump, DumpRow } from '../store.ts';
import { openAttempts, type DumpAttempts } from '../rows/dump-attempts.ts';
import { NUMBERED } from '../rows/dump-check.ts';
import { cancelOrphan } from '../rows/cancel-orphan.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
import { createNumberMap, type NumberMap } from '../rows/number-map.ts';
import { STATUS_NAMES } from '../rows/status.ts';
import type { Caches } from './caches.ts';
import { isConstraintViolation } from './result-codes.ts';
import { TABLES, type Table } from './tables.ts';
import type { SavedStatus } from './tallies.ts';
import { transaction } from './transaction.ts';

/** State of one import. */
interface Staging {
  readonly db: DatabaseSync;
  readonly partition: number;
  readonly attempts: DumpAttempts;
  /** Keys of webhooks in the database, by their keys in the snapshot. */
  readonly webhooks: Map<number, number>;
  /** Codes of the events' types by number, for their deliveries. */
  readonly events: NumberMap;
  readonly deliveries: NumberMap;
  /** Deletion times of webhooks, by their key in the snapshot. */
  readonly deletedAt: Map<number, number>;
  readonly caches: Caches;
}

const columnsOf = (db: DatabaseSync, table: string): string[] =>
  db
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map((column) => String(column['name']));

/** Notes what later rows depend on, and counts the row. */
const noteRow = (staging: Staging, table: string, row: DumpRow): void => {
  const { caches, partition, deletedAt, webhooks, events, deliveries } = staging;
  const { tallies, blocks } = caches;
  const seq = Number(row['seq']);
  const key = rowKey(partition, seq);
  if (table === 'event') {
    tallies.addEvents(partition, 1);
    const type = EVENT_TYPE_CODES[String(row['type']) as StoredEvent['type']];
    events.set(seq, type);
    blocks.addEvent(key, type);
  } else if (table === 'delivery') {
    deliveries.set(seq, 0);
    const webhook = webhooks.get(Number(row['webhook']));
    const status = STATUS_NAMES.get(Number(row['status'])) as SavedStatus;
    const type = events.get(Number(row['event']));
    if (webhook === undefined || type === undefined) return;
    tallies.move(partition, webhook, null, status);
    blocks.add(key, { webhook, type, status });
  } else if (table === 'webhook' && row['deleted_at'] !== null)
    deletedAt.set(Number(row['key']), Number(row['deleted_at']));
};

/** @returns the key in the database of a row that another one refers to; undefined if it is missing */
const keyIn = (
  { partition, webhooks, events, deliveries }: Staging,
  table: string,
  key: number,
): number | undefined => {
  if (table === 'webhook') return webhooks.get(key);
  return (table === 'event' ? events : deliveries).has(key) ? rowKey(partition, key) : undefined;
};

/** @returns a function that inserts a row of a table in the transaction that is open, and returns its size in characters */
const rowWriter = (
  staging: Staging,
  { name, references }: Table,
): ((row: DumpRow, where: string) => number) => {
  const { db, partition, attempts, webhooks } = staging;
  const columns = columnsOf(db, name);
  const insert = db.prepare(
    `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const value = (row: DumpRow, column: string, where: string): SQLInputValue => {
    if (column === 'account') return partition;
    if (column === 'attempts') return attempts.take(Number(row['seq']));
    const held = row[column] ?? null;
    if (column === 'key' && name === 'webhook') return null;
    const target = references[column];
    if (target !== undefined && held !== null) {
      const mapped = keyIn(staging, target, Number(held));
      if (mapped !== undefined) return mapped;
      throw invalidSnapshot(
        where,
        `refers to ${target} ${JSON.stringify(held)}, which the snapshot does not contain`,
      );
    }
    return NUMBERED.has(column) && typeof held === 'number' ? rowKey(partition, held) : held;
  };
  return (given, where) => {
    const row = name === 'delivery' ? cancelOrphan(staging.deletedAt, given) : given;
    const values = columns.map((column) => value(row, column, where));
    try {
      const { lastInsertRowid } = insert.run(...values);
      if (name === 'webhook') webhooks.set(Number(row['key']), Number(lastInsertRowid));
    } catch (error) {
      if (!isConstraintViolation(error)) throw error;
      throw invalidSnapshot(where, `cannot be stored (${(error as Error).message})`);
    }
    noteRow(staging, name, row);
    return values.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0);
  };
};

/** Inserts the rows of one table, a transaction for each slice. */
const stageTable = async (staging: Staging, table: Table, rows: Slices<DumpRow>): Promise<void> => {
  const { db, attempts } = staging;
  const isSliceDone = createPace();
  const write = rowWriter(staging, table);
  const isReady = ({ seq }: DumpRow): boolean =>
    table.name !== 'delivery' || attempts.isReady(Number(seq));
  for await (const { from, items } of placedSlicesOf(rows)) {
    let next = 0;
    const writeSlice = (): void => {
      while (next < items.length && isReady(items[next]!)) {
        const index = next++;
        if (isSliceDone(write(items[index]!, `tables.${table.name}[${from + index}]`))) return;
      }
    };
    while (next < items.length) {
      if (!isReady(items[next]!)) await attempts.load(Number(items[next]!['seq']));
      transaction(db, writeSlice);
      await nextTurn();
    }
  }
};

/**
 * Inserts all rows of a snapshot.
 *
 * @param partition an empty partition of a hidden account
 * @param dump a snapshot whose rows have been checked
 * @throws {SnapshotError} if a key occurs twice or a reference leads nowhere
 */
export const stageRows = async (
  db: DatabaseSync,
  caches: Caches,
  partition: number,
  dump: AccountDump,
): Promise<void> => {
  const staging: Staging = {
    db,
    partition,
    attempts: await openAttempts(dump),
    webhooks: new Map(),
    events: createNumberMap(),
    deliveries: createNumberMap(),
    deletedAt: new Map(),
    caches,
  };
  for (const table of TABLES) await stageTable(staging, table, dump.tables[table.name] ?? []);
};

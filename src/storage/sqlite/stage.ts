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
import { invalidSnapshot } from '../../domain/snapshot-error.ts';
import type { AccountDump, DumpRow } from '../store.ts';
import { attemptsIn } from '../rows/dump-attempts.ts';
import { NUMBERED } from '../rows/dump-check.ts';
import { cancelOrphan } from '../rows/cancel-orphan.ts';
import { EVENT_TYPE_CODES } from '../rows/event-type-codes.ts';
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
  /** Serialised attempts by the number of their delivery. */
  readonly attempts: ReadonlyMap<number, string>;
  /** Key in the database by key in the snapshot, by table. */
  readonly keys: ReadonlyMap<string, Map<number, number>>;
  /** Deletion times of webhooks, by their key in the snapshot. */
  readonly deletedAt: Map<number, number>;
  /** Codes of the events' types by number, for their deliveries. */
  readonly types: Map<number, number>;
  readonly caches: Caches;
}

const columnsOf = (db: DatabaseSync, table: string): string[] =>
  db
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map((column) => String(column['name']));

/** Notes what later rows depend on, and counts the row. */
const noteRow = (staging: Staging, table: string, row: DumpRow): void => {
  const { caches, partition, deletedAt, types, keys } = staging;
  const { tallies, blocks } = caches;
  const key = rowKey(partition, Number(row['seq']));
  if (table === 'event') {
    tallies.addEvents(partition, 1);
    const type = EVENT_TYPE_CODES[String(row['type']) as StoredEvent['type']];
    types.set(Number(row['seq']), type);
    blocks.addEvent(key, type);
  } else if (table === 'delivery') {
    const webhook = keys.get('webhook')?.get(Number(row['webhook']));
    const status = STATUS_NAMES.get(Number(row['status'])) as SavedStatus;
    const type = types.get(Number(row['event']));
    if (webhook === undefined || type === undefined) return;
    tallies.move(partition, webhook, null, status);
    blocks.add(key, { webhook, type, status });
  } else if (table === 'webhook' && row['deleted_at'] !== null)
    deletedAt.set(Number(row['key']), Number(row['deleted_at']));
};

/** @returns a function that inserts a row of a table in the transaction that is open, and returns its size in characters */
const rowWriter = (
  staging: Staging,
  { name, key, references }: Table,
): ((row: DumpRow, where: string) => number) => {
  const { db, partition, attempts, keys } = staging;
  const columns = columnsOf(db, name);
  const insert = db.prepare(
    `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const value = (row: DumpRow, column: string, where: string): SQLInputValue => {
    if (column === 'account') return partition;
    if (column === 'attempts') return attempts.get(Number(row['seq'])) ?? null;
    const held = row[column] ?? null;
    if (column === 'key' && name === 'webhook') return null;
    const target = references[column];
    if (target !== undefined && held !== null) {
      const mapped = keys.get(target)?.get(Number(held));
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
      if (key !== null) keys.get(name)?.set(Number(row[key]), Number(lastInsertRowid));
    } catch (error) {
      if (!isConstraintViolation(error)) throw error;
      throw invalidSnapshot(where, `cannot be stored (${(error as Error).message})`);
    }
    noteRow(staging, name, row);
    return values.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0);
  };
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
    attempts: await attemptsIn(dump),
    keys: new Map(TABLES.map(({ name }) => [name, new Map()])),
    deletedAt: new Map(),
    types: new Map(),
    caches,
  };
  const isSliceDone = createPace();
  for (const table of TABLES) {
    const rows = dump.tables[table.name] ?? [];
    const write = rowWriter(staging, table);
    let next = 0;
    const writeSlice = (): void => {
      while (next < rows.length) {
        const index = next++;
        if (isSliceDone(write(rows[index]!, `tables.${table.name}[${index}]`))) return;
      }
    };
    while (next < rows.length) {
      transaction(db, writeSlice);
      await nextTurn();
    }
  }
};

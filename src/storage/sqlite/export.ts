/**
 * Exports an account's rows as plain JSON data, slice by slice.
 *
 * No statement stays open between two slices: each slice continues after the last row of the previous one. Other accounts'
 * writes and checkpoints are not blocked.
 *
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey, rowNumber } from '../../domain/delivery-id.ts';
import { nextTurn } from '../../domain/event-loop.ts';
import type { AccountDump, AccountStore, DumpRow, DumpSlice } from '../store.ts';
import { DUMP_VERSION } from '../rows/columns.ts';
import { cancelOrphan } from '../rows/cancel-orphan.ts';
import { NUMBERED } from '../rows/dump-check.ts';
import { createSlicer, MAX_SLICE_ROWS } from '../rows/dump-slices.ts';
import { TABLES, type Table } from './tables.ts';
import type { InFlight } from './in-flight.ts';
import type { InsertDeferred } from './deferred-rows.ts';

type SavedRow = Readonly<Record<string, SQLOutputValue>>;

/** Removes the account and hidden columns, and replaces keys with numbers. */
const toDumpRow = ({ hidden }: Pick<Table, 'hidden'>, row: SavedRow): DumpRow => {
  const columns: Record<string, string | number | null> = {};
  for (const [column, value] of Object.entries(row)) {
    if (column === 'account' || hidden.includes(column)) continue;
    columns[column] =
      NUMBERED.has(column) && typeof value === 'number'
        ? rowNumber(value)
        : (value as string | number | null);
  }
  return columns;
};

const attemptRows = ({ seq, attempts }: SavedRow): DumpRow[] =>
  (JSON.parse(`[${String(attempts ?? '')}]`) as unknown[]).map((record, index) => ({
    delivery: rowNumber(Number(seq)),
    number: index + 1,
    record: JSON.stringify(record),
  }));

/** Query for one table of a snapshot. */
interface Source extends Pick<Table, 'order'> {
  /** Selects the account's rows after `:after`; `:scope` limits them to the account. */
  readonly where: string;
  readonly table: string;
  readonly select: string;
  /** Converts a row of the database to rows of the snapshot. */
  readonly rows: (row: SavedRow) => readonly DumpRow[];
}

/** Has one lower bound only: with two, SQLite may start at the account's first row each time. */
const IN_RANGE = 'seq > :after AND seq < :scope';

const ATTEMPTS: Source = {
  table: 'attempt',
  order: 'seq',
  where: IN_RANGE,
  select: 'SELECT seq, attempts FROM delivery',
  rows: attemptRows,
};

/** Value of `:after` for the first slice. */
const beforeFirst = (table: string, account: AccountKey): string | number => {
  if (table === 'answer') return '';
  return table === 'event' || table === 'delivery' || table === 'attempt' ? rowKey(account, 0) : -1;
};

const SOURCES: readonly Source[] = TABLES.flatMap((table): Source[] => {
  const source: Source = {
    table: table.name,
    order: table.order,
    where: table.order === 'seq' ? IN_RANGE : `account = :scope AND ${table.order} > :after`,
    select: `SELECT * FROM ${table.name}`,
    rows: (row) => [toDumpRow(table, row)],
  };
  return table.name === 'delivery' ? [source, ATTEMPTS] : [source];
});

/** Deletion times of an account's deleted webhooks, by key. */
const deletionsOf = (db: DatabaseSync, account: AccountKey): ReadonlyMap<number, number> =>
  new Map(
    db
      .prepare('SELECT key, deleted_at FROM webhook WHERE account = ? AND deleted_at IS NOT NULL')
      .all(account)
      .map((row) => [Number(row['key']), Number(row['deleted_at'])]),
  );

async function* slicesOf(
  db: DatabaseSync,
  account: AccountKey,
  inFlight: Pick<InFlight, 'has'>,
): AsyncGenerator<DumpSlice, void, undefined> {
  const deletedAt = deletionsOf(db, account);
  for (const { table, order, where, select, rows } of SOURCES) {
    const statement = db.prepare(
      `${select} WHERE ${where} ORDER BY ${order} LIMIT ${MAX_SLICE_ROWS}`,
    );
    const scope = order === 'seq' ? rowKey(account + 1, 0) : account;
    let after: SQLOutputValue = beforeFirst(table, account);
    for (let isMore = true; isMore;) {
      const slice = createSlicer();
      let seen = 0;
      for (const row of statement.iterate({ scope, after })) {
        seen += 1;
        after = row[order] ?? null;
        // A delivery that is pending on disk may be cancelled: see `deletions.ts`.
        const isSaved = table !== 'delivery' || inFlight.has(Number(row['seq']));
        const dumped = rows(row).map((one) => (isSaved ? one : cancelOrphan(deletedAt, one)));
        if (slice.add(dumped)) break;
      }
      isMore = slice.isFull() || seen === MAX_SLICE_ROWS;
      yield { table, rows: slice.rows };
      await nextTurn();
    }
  }
}

export const createExport = (
  db: DatabaseSync,
  insertDeferred: InsertDeferred,
  inFlight: Pick<InFlight, 'has'>,
): Pick<AccountStore, 'exportAccount'> => {
  const clock = db.prepare(
    `SELECT clock_mode AS mode, clock_rate AS rate, clock_virtual AS anchorVirtual, clock_wall AS anchorWall
     FROM account WHERE key = ?`,
  );
  const seedAndOpens = db.prepare('SELECT seed, opens FROM account WHERE key = ?');
  return {
    exportAccount: async (account) => {
      insertDeferred(account);
      return {
        version: DUMP_VERSION,
        ...(seedAndOpens.get(account) as unknown as {
          readonly seed: number;
          readonly opens: number;
        }),
        clock: clock.get(account) as unknown as AccountDump['clock'],
        slices: slicesOf(db, account, inFlight),
      };
    },
  };
};

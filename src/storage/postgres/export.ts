/**
 * Exports an account's rows as plain JSON data, slice by slice. Each slice continues after the last row of the one before.
 *
 * @module
 */
import type { AccountDump, AccountStore, DumpRow, DumpSlice } from '../store.ts';
import { COLUMNS, DUMP_VERSION, type TableName } from '../rows/columns.ts';
import { createSlicer, MAX_SLICE_ROWS } from '../rows/dump-slices.ts';
import type { Context } from './context.ts';
import { all, first, statement, type Session, type Statement } from '../../postgres/session.ts';
import { readText } from './text.ts';

type SavedRow = Readonly<Record<string, unknown>>;

/** Query for one table of a snapshot. */
interface Source {
  readonly table: TableName;
  /** Column that orders the rows. */
  readonly order: string;
  /** Selects an account's rows after `$2`. */
  readonly select: Statement;
  /** Value of `$2` for the first slice. */
  readonly before: number | string;
  /** Converts a row of the database to rows of the snapshot. */
  readonly rows: (row: SavedRow) => readonly DumpRow[];
}

const toDumpRow = (table: TableName, row: SavedRow): DumpRow =>
  Object.fromEntries(
    Object.keys(COLUMNS[table]).map((column) => {
      const value = row[column];
      return [column, Buffer.isBuffer(value) ? readText(value) : (value as string | number | null)];
    }),
  );

const attemptRows = ({ seq, attempts }: SavedRow): DumpRow[] =>
  (JSON.parse(`[${String(attempts ?? '')}]`) as unknown[]).map((record, index) => ({
    delivery: Number(seq),
    number: index + 1,
    record: JSON.stringify(record),
  }));

const source = (
  table: TableName,
  order: string,
  before: number | string = 0,
  from: string = table,
  columns: readonly string[] = Object.keys(COLUMNS[table]),
): Source => ({
  table,
  order,
  before,
  select: statement(
    `SELECT ${columns.join(', ')} FROM ${from} WHERE part = $1 AND ${order} > $2 ORDER BY ${order} LIMIT ${MAX_SLICE_ROWS}`,
  ),
  rows: table === 'attempt' ? attemptRows : (row) => [toDumpRow(table, row)],
});

const SOURCES: readonly Source[] = [
  source('webhook', 'key'),
  source('event', 'seq'),
  source('delivery', 'seq'),
  source('attempt', 'seq', 0, 'delivery', ['seq', 'attempts']),
  source('command', 'number'),
  source('progress', 'part', 0, '(SELECT part, emitted FROM part WHERE emitted IS NOT NULL) p', [
    'part',
    'emitted',
  ]),
  source('answer', 'key', ''),
];

async function* slicesOf(
  session: Session,
  part: number,
): AsyncGenerator<DumpSlice, void, undefined> {
  for (const { table, order, before, select, rows } of SOURCES) {
    let after: unknown = before;
    for (let isMore = true; isMore;) {
      const slice = createSlicer();
      const found = await all<Record<string, unknown>>(session, select, [part, after]);
      for (const row of found) {
        after = row[order];
        if (slice.add(rows(row))) break;
      }
      isMore = slice.isFull() || found.length === MAX_SLICE_ROWS;
      yield { table, rows: slice.rows };
    }
  }
}

const ACCOUNT = statement(
  `SELECT seed, opens, clock_mode AS mode, clock_rate AS rate, clock_virtual AS "anchorVirtual", clock_wall AS "anchorWall"
   FROM account WHERE key = $1`,
);

type AccountValues = { readonly seed: number; readonly opens: number } & AccountDump['clock'];

export const createExport =
  ({ reader, view }: Context): AccountStore['exportAccount'] =>
  async (account) => {
    const { part } = await view(account);
    const row = await first<AccountValues & Record<string, unknown>>(reader, ACCOUNT, [account]);
    if (row === undefined) throw new Error(`Unknown account key ${account}.`);
    const { seed, opens, ...clock } = row;
    return { version: DUMP_VERSION, seed, opens, clock, slices: slicesOf(reader, part) };
  };

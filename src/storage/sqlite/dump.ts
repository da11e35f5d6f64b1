/**
 * One account's rows as plain JSON data, and back: all or nothing. Rows are numbered within their account, so events
 * and deliveries keep their ids wherever they are loaded.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey, rowNumber } from '../../domain/delivery-id.ts';
import type { AccountDump, AccountStore } from '../store.ts';
import { DUMP_VERSION, type TableName } from '../rows/columns.ts';
import { attemptsIn } from '../rows/dump-attempts.ts';
import { snapshotMisfit as misfit } from '../../domain/snapshot-error.ts';
import { checkCountsFit, createSizeCheck } from '../rows/dump-size.ts';
import { checkAllRows, checkTables, NUMBERED } from '../rows/dump-check.ts';
import type { Counters } from './counters.ts';
import type { Emptying } from './empty.ts';
import type { InFlight } from './in-flight.ts';
import { CANCEL_LEFT_BEHIND } from './schema.ts';
import type { Tallies } from './tallies.ts';
import { transactionWithoutChecks } from './transaction.ts';
import type { WriteDown } from './unwritten.ts';

type Row = Readonly<Record<string, string | number | null>>;

interface Table {
  readonly name: Exclude<TableName, 'attempt'>;
  /** The internal key, if it has one of its own. */
  readonly key: string | null;
  /** Columns that a snapshot tells in another way, or has no use for. */
  readonly hidden: readonly string[];
  /** Columns that hold another table's internal key. */
  readonly references: Readonly<Record<string, string>>;
  /** Whose rows: a condition with the parameters that it uses of `:account`, `:from` and `:to`. */
  readonly where: string;
}

const IN_RANGE = 'seq > :from AND seq < :to';

/** In the order in which rows can be inserted. */
const TABLES: readonly Table[] = [
  { name: 'webhook', key: 'key', hidden: [], references: {}, where: 'account = :account' },
  { name: 'event', key: 'seq', hidden: ['taken'], references: {}, where: IN_RANGE },
  {
    name: 'delivery',
    key: 'seq',
    hidden: ['attempts'],
    references: { event: 'event', webhook: 'webhook', redelivery_of: 'delivery' },
    where: IN_RANGE,
  },
  { name: 'command', key: null, hidden: [], references: {}, where: 'account = :account' },
  { name: 'progress', key: null, hidden: [], references: {}, where: 'account = :account' },
  { name: 'answer', key: null, hidden: [], references: {}, where: 'account = :account' },
];

const parametersFor = ({ where }: Table, account: AccountKey): Record<string, number> =>
  where.includes(':account')
    ? { account }
    : { from: rowKey(account, 0), to: rowKey(account + 1, 0) };

/** Without the account and what is hidden. */
const plain = ({ hidden }: Table, row: Readonly<Record<string, SQLOutputValue>>): Row =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([column]) => column !== 'account' && !hidden.includes(column))
      .map(([column, value]) => [
        column,
        NUMBERED.has(column) && typeof value === 'number'
          ? rowNumber(value)
          : (value as Row[string]),
      ]),
  );

const attemptRows = (delivery: number, attempts: string | null): Row[] =>
  (attempts === null ? [] : (JSON.parse(`[${attempts}]`) as unknown[])).map((record, index) => ({
    delivery: rowNumber(delivery),
    number: index + 1,
    record: JSON.stringify(record),
  }));

/** Removes an account's rows, children first. */
const clear = (db: DatabaseSync, account: AccountKey): void => {
  for (const table of TABLES.toReversed()) {
    db.prepare(`DELETE FROM ${table.name} WHERE ${table.where}`).run(parametersFor(table, account));
  }
};

const columnsOf = (db: DatabaseSync, table: string): string[] =>
  db
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map((column) => String(column['name']));

const insertRows = (db: DatabaseSync, account: AccountKey, dump: AccountDump): void => {
  /** Keys in the dump, by table, and what they are here. */
  const keys = new Map<string, Map<number, number>>(TABLES.map(({ name }) => [name, new Map()]));
  const attempts = attemptsIn(dump);
  for (const { name, key, references } of TABLES) {
    const columns = columnsOf(db, name);
    const insert = db.prepare(
      `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for (const [index, row] of (dump.tables[name] ?? []).entries()) {
      const where = `tables.${name}[${index}]`;
      const value = (column: string): SQLInputValue => {
        if (column === 'account') return account;
        if (column === 'attempts') return attempts.get(Number(row['seq'])) ?? null;
        const held = row[column] ?? null;
        if (column === 'key' && name === 'webhook') return null;
        const target = references[column];
        if (target !== undefined && held !== null) {
          const mapped = keys.get(target)?.get(Number(held));
          if (mapped !== undefined) return mapped;
          throw misfit(where, `names a ${target} ${JSON.stringify(held)} that is not in it`);
        }
        return NUMBERED.has(column) && typeof held === 'number' ? rowKey(account, held) : held;
      };
      const values = columns.map(value);
      try {
        const { lastInsertRowid } = insert.run(...values);
        if (key !== null) keys.get(name)?.set(Number(row[key]), Number(lastInsertRowid));
      } catch (error) {
        throw misfit(where, `cannot be kept (${(error as Error).message})`);
      }
    }
  }
};

type DumpPart = Pick<AccountStore, 'resetAccount' | 'exportAccount' | 'importAccount'>;

export const createDump = (
  db: DatabaseSync,
  tallies: Tallies,
  inFlight: InFlight,
  counters: Counters,
  writeDown: WriteDown,
  emptying: Emptying,
): DumpPart => {
  const clock = db.prepare(
    `SELECT clock_mode AS mode, clock_rate AS rate, clock_virtual AS anchorVirtual, clock_wall AS anchorWall
     FROM account WHERE key = ?`,
  );
  const draws = db.prepare('SELECT seed, opens FROM account WHERE key = ?');
  const replaceAccount = db.prepare(
    `UPDATE account SET clock_mode = :mode, clock_rate = :rate, clock_virtual = :virtual, clock_wall = :wall,
       seed = coalesce(:seed, seed), opens = max(opens, :opens) WHERE key = :account`,
  );
  /** What was in flight has no row to come back to. */
  const abandon = (account: AccountKey): void => {
    for (const delivery of inFlight.of(account)) inFlight.remove(delivery);
    tallies.forget(account);
  };
  return {
    resetAccount: async (account) => {
      await emptying.empty(account, () => abandon(account));
      tallies.forget(account);
    },
    exportAccount: async (account) => {
      await emptying.finish(account);
      writeDown(account);
      const { events, ...deliveries } = tallies.of(account);
      checkCountsFit(
        events,
        Object.values(deliveries).reduce((sum, count) => sum + count, 0),
      );
      const add = createSizeCheck();
      const attempts: Row[] = [];
      const tables: Record<string, Row[]> = { attempt: attempts };
      for (const table of TABLES) {
        const rows: Row[] = [];
        tables[table.name] = rows;
        const select = db.prepare(`SELECT * FROM ${table.name} WHERE ${table.where}`);
        for (const row of select.iterate(parametersFor(table, account))) {
          const saved = plain(table, row);
          add(saved);
          rows.push(saved);
          if (table.name !== 'delivery') continue;
          for (const made of attemptRows(Number(row['seq']), row['attempts'] as string | null)) {
            add(made);
            attempts.push(made);
          }
        }
      }
      return {
        version: DUMP_VERSION,
        ...(draws.get(account) as unknown as { readonly seed: number; readonly opens: number }),
        clock: clock.get(account) as unknown as AccountDump['clock'],
        tables,
      };
    },
    importAccount: async (account, dump) => {
      checkTables(dump);
      await checkAllRows(dump);
      await emptying.finish(account);
      transactionWithoutChecks(db, () => {
        clear(db, account);
        insertRows(db, account, dump);
        const { mode, rate, anchorVirtual, anchorWall } = dump.clock;
        replaceAccount.run({
          account,
          mode,
          rate,
          virtual: anchorVirtual,
          wall: anchorWall,
          seed: dump.seed ?? null,
          opens: dump.opens ?? 0,
        });
        db.prepare(`${CANCEL_LEFT_BEHIND} AND seq > ? AND seq < ?`).run(
          rowKey(account, 0),
          rowKey(account + 1, 0),
        );
      });
      abandon(account);
      counters.forget(account);
    },
  };
};

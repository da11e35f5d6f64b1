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
import type { Counters } from './counters.ts';
import { checkRow, checkTables, misfit, NUMBERED } from './dump-check.ts';
import type { InFlight } from './in-flight.ts';
import { CANCEL_LEFT_BEHIND, SCHEMA_VERSION, STATUS, transactionWithoutChecks } from './schema.ts';
import type { Tallies } from './tallies.ts';

type Row = Readonly<Record<string, string | number | null>>;

interface Table {
  readonly name: string;
  /** The internal key, if it has one of its own. */
  readonly key: string | null;
  /** Columns that hold another table's internal key. */
  readonly references: Readonly<Record<string, string>>;
  /** Whose rows: a condition with the parameters that it uses of `:account`, `:from` and `:to`. */
  readonly where: string;
}

const IN_RANGE = 'seq > :from AND seq < :to';

/** In the order in which rows can be inserted. */
const TABLES: readonly Table[] = [
  { name: 'webhook', key: 'key', references: {}, where: 'account = :account' },
  { name: 'event', key: 'seq', references: {}, where: IN_RANGE },
  {
    name: 'delivery',
    key: 'seq',
    references: { event: 'event', webhook: 'webhook', redelivery_of: 'delivery' },
    where: IN_RANGE,
  },
  {
    name: 'attempt',
    key: null,
    references: { delivery: 'delivery' },
    where: 'delivery > :from AND delivery < :to',
  },
  { name: 'answer', key: null, references: {}, where: 'account = :account' },
];

const parametersFor = ({ where }: Table, account: AccountKey): Record<string, number> =>
  where.includes(':account')
    ? { account }
    : { from: rowKey(account, 0), to: rowKey(account + 1, 0) };

/** Without the account; what is in flight is pending when it is loaded. */
const plain = (name: string, row: Readonly<Record<string, SQLOutputValue>>): Row => {
  const { account: _account, ...rest } = row as Record<string, SQLOutputValue>;
  for (const [column, value] of Object.entries(rest)) {
    if (NUMBERED.has(column) && typeof value === 'number') rest[column] = rowNumber(value);
  }
  const flying = name === 'delivery' && rest['status'] === STATUS.in_flight;
  return { ...(rest as Row), ...(flying ? { status: STATUS.pending } : {}) };
};

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
  for (const { name, key, references } of TABLES) {
    const columns = columnsOf(db, name);
    const given = columns.filter((column) => column !== 'account');
    const insert = db.prepare(
      `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for (const [index, row] of (dump.tables[name] ?? []).entries()) {
      const where = `tables.${name}[${index}]`;
      checkRow(name, given, row, where);
      const value = (column: string): SQLInputValue => {
        if (column === 'account') return account;
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
): DumpPart => {
  const clock = db.prepare(
    `SELECT clock_mode AS mode, clock_rate AS rate, clock_virtual AS anchorVirtual, clock_wall AS anchorWall
     FROM account WHERE key = ?`,
  );
  /** What was in flight has no row to come back to. */
  const abandon = (account: AccountKey): void => {
    for (const delivery of inFlight.of(account)) inFlight.remove(delivery);
    tallies.forget(account);
  };
  return {
    resetAccount: async (account) => {
      transactionWithoutChecks(db, () => clear(db, account));
      abandon(account);
    },
    exportAccount: async (account) => ({
      version: SCHEMA_VERSION,
      clock: clock.get(account) as unknown as AccountDump['clock'],
      tables: Object.fromEntries(
        TABLES.map((table) => [
          table.name,
          db
            .prepare(`SELECT * FROM ${table.name} WHERE ${table.where}`)
            .all(parametersFor(table, account))
            .map((row) => plain(table.name, row)),
        ]),
      ),
    }),
    importAccount: async (account, dump) => {
      checkTables(
        dump,
        SCHEMA_VERSION,
        TABLES.map(({ name }) => name),
      );
      transactionWithoutChecks(db, () => {
        clear(db, account);
        insertRows(db, account, dump);
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

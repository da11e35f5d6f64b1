/**
 * One account's rows as plain JSON data, and back: all or nothing. Rows are numbered within their account, so events
 * and deliveries keep their ids wherever they are loaded.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { SnapshotError } from '../../domain/snapshot-error.ts';
import { rowKey, rowNumber } from '../../domain/delivery-id.ts';
import type { AccountDump, AccountStore } from '../store.ts';
import type { Counters } from './counters.ts';
import type { History } from './history.ts';
import type { InFlight } from './in-flight.ts';

import { SCHEMA_VERSION, STATUS, transaction } from './schema.ts';

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

/** Columns that hold the key of an event or a delivery. */
const NUMBERED = new Set(['seq', 'event', 'delivery', 'redelivery_of', 'first_delivery']);

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

const misfit = (where: string, why: string): SnapshotError =>
  new SnapshotError(
    `This snapshot does not fit: ${where} ${why}. Load one that this version of the sandbox saved, unchanged.`,
  );

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
    const insert = db.prepare(
      `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for (const [index, row] of (dump.tables[name] ?? []).entries()) {
      const where = `tables.${name}[${index}]`;
      const value = (column: string): SQLInputValue => {
        if (column === 'account') return account;
        const given = row[column];
        if (given === undefined) throw misfit(where, `has no "${column}"`);
        if (column === 'key' && name === 'webhook') return null;
        const target = references[column];
        if (target !== undefined && given !== null) {
          const mapped = keys.get(target)?.get(Number(given));
          if (mapped !== undefined) return mapped;
          throw misfit(where, `names a ${target} ${JSON.stringify(given)} that is not in it`);
        }
        return NUMBERED.has(column) && typeof given === 'number' ? rowKey(account, given) : given;
      };
      try {
        const { lastInsertRowid } = insert.run(...columns.map(value));
        if (key !== null) keys.get(name)?.set(Number(row[key]), Number(lastInsertRowid));
      } catch (error) {
        if (error instanceof SnapshotError) throw error;
        throw misfit(where, `cannot be kept (${(error as Error).message})`);
      }
    }
  }
};

type DumpPart = Pick<AccountStore, 'resetAccount' | 'exportAccount' | 'importAccount'>;

export const createDump = (
  db: DatabaseSync,
  history: History,
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
    history.forget(account);
  };
  return {
    resetAccount: async (account) => {
      transaction(db, () => clear(db, account));
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
      if (dump.version !== SCHEMA_VERSION) {
        throw misfit(
          `version ${dump.version}`,
          `is not ${SCHEMA_VERSION}, the only one that this sandbox reads`,
        );
      }
      const unknown = Object.keys(dump.tables).find(
        (name) => !TABLES.some((table) => table.name === name),
      );
      if (unknown !== undefined) throw misfit(`tables.${unknown}`, 'is no table');
      transaction(db, () => {
        clear(db, account);
        insertRows(db, account, dump);
      });
      abandon(account);
      counters.forget(account);
    },
  };
};

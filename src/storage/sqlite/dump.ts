/**
 * One account's rows as plain JSON data, and back: all or nothing. Internal keys are given anew where they are taken,
 * so a delivery keeps its id unless another account uses it.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { SnapshotError } from '../../domain/snapshot-error.ts';
import type { AccountDump, AccountStore } from '../store.ts';
import type { History } from './history.ts';
import type { InFlight } from './in-flight.ts';

import { SCHEMA_VERSION, STATUS, transaction } from './schema.ts';

type Row = Readonly<Record<string, string | number | null>>;

interface Table {
  readonly name: string;
  /** The internal key, given anew on import; null when the key is made of other columns. */
  readonly key: string | null;
  /** Columns that hold another table's internal key. */
  readonly references: Readonly<Record<string, string>>;
  /** Whose rows: a condition with one `?` for the account. */
  readonly where: string;
}

/** In the order in which rows can be inserted. */
const TABLES: readonly Table[] = [
  { name: 'webhook', key: 'key', references: {}, where: 'account = ?' },
  { name: 'event', key: 'seq', references: {}, where: 'account = ?' },
  {
    name: 'delivery',
    key: 'seq',
    references: { event: 'event', webhook: 'webhook', redelivery_of: 'delivery' },
    where: 'account = ?',
  },
  {
    name: 'attempt',
    key: null,
    references: { delivery: 'delivery' },
    where: 'delivery IN (SELECT seq FROM delivery WHERE account = ?)',
  },
  { name: 'answer', key: null, references: {}, where: 'account = ?' },
];

/** Without the account; what is in flight is pending when it is loaded. */
const plain = (name: string, row: Readonly<Record<string, SQLOutputValue>>): Row => {
  const { account: _account, ...rest } = row;
  const flying = name === 'delivery' && rest['status'] === STATUS.in_flight;
  return { ...(rest as Row), ...(flying ? { status: STATUS.pending } : {}) };
};

const misfit = (where: string, why: string): SnapshotError =>
  new SnapshotError(
    `This snapshot does not fit: ${where} ${why}. Load one that this version of the sandbox saved, unchanged.`,
  );

/** Removes an account's rows, children first. */
const clear = (db: DatabaseSync, account: AccountKey): void => {
  for (const { name, where } of TABLES.toReversed()) {
    db.prepare(`DELETE FROM ${name} WHERE ${where}`).run(account);
  }
};

const insertRows = (db: DatabaseSync, account: AccountKey, dump: AccountDump): void => {
  const keys = new Map<string, Map<number, number>>(TABLES.map(({ name }) => [name, new Map()]));
  for (const { name, key, references } of TABLES) {
    const columns = db
      .prepare(`SELECT name FROM pragma_table_info(?)`)
      .all(name)
      .map((column) => String(column['name']));
    const insert = db.prepare(
      `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    );
    const taken = key === null ? null : db.prepare(`SELECT 1 FROM ${name} WHERE ${key} = ?`);
    for (const [index, row] of (dump.tables[name] ?? []).entries()) {
      const where = `tables.${name}[${index}]`;
      const value = (column: string): SQLInputValue => {
        if (column === 'account') return account;
        const given = row[column];
        if (given === undefined) throw misfit(where, `has no "${column}"`);
        if (column === key) return taken?.get(given) === undefined ? given : null;
        const target = references[column];
        if (target === undefined || given === null) return given;
        const mapped = keys.get(target)?.get(Number(given));
        if (mapped === undefined)
          throw misfit(where, `names a ${target} ${JSON.stringify(given)} that is not in it`);
        return mapped;
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

export const createDump = (db: DatabaseSync, history: History, inFlight: InFlight): DumpPart => {
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
        TABLES.map(({ name, where }) => [
          name,
          db
            .prepare(`SELECT * FROM ${name} WHERE ${where}`)
            .all(account)
            .map((row) => plain(name, row)),
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
    },
  };
};

/**
 * One account's rows emptied, or replaced by a snapshot's: all or nothing. Rows are numbered within their account, so events
 * and deliveries keep their ids wherever they are loaded.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import type { AccountDump, AccountStore } from '../store.ts';
import { attemptsIn } from '../rows/dump-attempts.ts';
import { invalidSnapshot } from '../../domain/snapshot-error.ts';
import { checkAllRows, checkTables, NUMBERED } from '../rows/dump-check.ts';
import type { Counters } from './counters.ts';
import type { Emptying } from './empty.ts';
import type { InFlight } from './in-flight.ts';
import { CANCEL_LEFT_BEHIND } from './schema.ts';
import { parametersFor, TABLES } from './tables.ts';
import type { Tallies } from './tallies.ts';
import { transactionWithoutChecks } from './transaction.ts';

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

const insertRows = (
  db: DatabaseSync,
  account: AccountKey,
  dump: AccountDump,
  attempts: ReadonlyMap<number, string>,
): void => {
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
        return NUMBERED.has(column) && typeof held === 'number' ? rowKey(account, held) : held;
      };
      const values = columns.map(value);
      try {
        const { lastInsertRowid } = insert.run(...values);
        if (key !== null) keys.get(name)?.set(Number(row[key]), Number(lastInsertRowid));
      } catch (error) {
        throw invalidSnapshot(where, `cannot be stored (${(error as Error).message})`);
      }
    }
  }
};

type DumpPart = Pick<AccountStore, 'resetAccount' | 'importAccount'>;

export const createDump = (
  db: DatabaseSync,
  tallies: Tallies,
  inFlight: InFlight,
  counters: Counters,
  emptying: Emptying,
): DumpPart => {
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
    importAccount: async (account, dump) => {
      checkTables(dump);
      await checkAllRows(dump);
      const attempts = await attemptsIn(dump);
      await emptying.finish(account);
      transactionWithoutChecks(db, () => {
        clear(db, account);
        insertRows(db, account, dump, attempts);
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

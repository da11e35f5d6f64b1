/**
 * Empties an account in slices: a million rows take seconds, and other accounts' requests are answered meanwhile.
 *
 * The first transaction takes away what everything else is reached by (webhooks, commands, answers), and marks how far
 * the account's rows go. What lies up to there is deleted slice by slice; what is made meanwhile lies behind it. A crash
 * in between leaves the mark, and the next start goes on from it.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { nextTurn } from '../../domain/event-loop.ts';
import type { AccountKey } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import type { Counters } from './counters.ts';
import { transactionWithoutChecks } from './transaction.ts';

/** Rows per transaction, a few milliseconds. */
const ROWS_PER_SLICE = 500;

export interface Emptying {
  /**
   * Resolves when nothing is left.
   *
   * @param begun called once nothing of what was there can be reached any more
   */
  empty(account: AccountKey, begun: () => void): Promise<void>;
  /** Goes on with what a crash, or another caller, has left. */
  finish(account: AccountKey): Promise<void>;
  /** As {@link Emptying.finish}, for all accounts. */
  finishAll(): Promise<void>;
}

export const createEmptying = (db: DatabaseSync, counters: Counters): Emptying => {
  const mark = db.prepare(
    `INSERT INTO emptying (account, event, delivery) VALUES (?, ?, ?)
     ON CONFLICT (account) DO UPDATE SET event = excluded.event, delivery = excluded.delivery`,
  );
  const marked = db.prepare('SELECT event, delivery FROM emptying WHERE account = ?');
  const all = db.prepare('SELECT account FROM emptying');
  const unmark = db.prepare('DELETE FROM emptying WHERE account = ?');
  const clear = ['webhook', 'command', 'progress', 'answer'].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE account = ?`),
  );
  const slice = (table: string): ReturnType<DatabaseSync['prepare']> =>
    db.prepare(
      `DELETE FROM ${table} WHERE seq IN
         (SELECT seq FROM ${table} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${ROWS_PER_SLICE})`,
    );
  const deliveries = slice('delivery');
  const events = slice('event');

  /** @returns whether anything is left */
  const deleteSlice = (account: AccountKey): boolean =>
    transactionWithoutChecks(db, () => {
      const until = marked.get(account);
      if (until === undefined) return false;
      const from = rowKey(account, 0);
      if (deliveries.run(from, Number(until['delivery'])).changes > 0) return true;
      if (events.run(from, Number(until['event'])).changes > 0) return true;
      unmark.run(account);
      return false;
    });

  const finish = async (account: AccountKey): Promise<void> => {
    while (deleteSlice(account)) await nextTurn();
  };
  return {
    empty: async (account, begun) => {
      transactionWithoutChecks(db, () => {
        // Asked within the transaction: what waited for one has taken its numbers by now.
        const { event, delivery } = counters.of(account);
        mark.run(account, event - 1, delivery - 1);
        for (const statement of clear) statement.run(account);
      });
      begun();
      await finish(account);
    },
    finish,
    finishAll: async () => {
      for (const { account } of all.all()) await finish(Number(account));
    },
  };
};

/**
 * Parts: where the rows of an account are. To replace all of them, others are staged in a new part, and then the account
 * moves there in one small transaction. The rows of the old part are deleted in slices. What a crash left behind is deleted
 * when the account is opened the next time.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { AccountKey } from '../../domain/delivery.ts';
import { createFlights, type Tally, TALLY_COLUMNS } from './account-states.ts';
import type { Change, Context } from './context.ts';
import { all, first, run, statement } from '../../postgres/session.ts';

const logger = getLogger(['sendemall-mock', 'storage']);

/** Rows per transaction. No write waits for them: they are deleted on a connection for reads. */
const ROWS_PER_SLICE = 5000;

const CREATE = statement(
  'INSERT INTO part (account, next_event, next_delivery) VALUES ($1, $2, $3) RETURNING part',
);
const MOVE = statement('UPDATE account SET part = $2 WHERE key = $1');
const OTHERS = statement(
  'SELECT p.part FROM part p JOIN account a ON a.key = p.account WHERE a.key = $1 AND p.part <> a.part',
);
const SLICES = [
  ['answer', 'key'],
  ['command', 'number'],
  ['delivery', 'seq'],
  ['event', 'seq'],
  ['webhook', 'id'],
].map(([table, order]) =>
  statement(
    `DELETE FROM ${table} WHERE part = $1 AND ${order} IN
       (SELECT ${order} FROM ${table} WHERE part = $1 ORDER BY ${order} LIMIT ${ROWS_PER_SLICE})`,
  ),
);
const REMOVE = statement('DELETE FROM part WHERE part = $1');
const SET = statement(
  `UPDATE part SET next_event = $2, next_delivery = $3, emitted = $4,
     ${TALLY_COLUMNS.map((column, index) => `${column} = $${index + 5}`).join(', ')} WHERE part = $1`,
);

/** What a part contains. */
export interface Contents {
  readonly nextEvent: number;
  readonly nextDelivery: number;
  readonly emitted: number | null;
  readonly tally: Tally;
}

export interface Parts {
  /** Creates an empty part, in the transaction that is open. */
  create(change: Change): Promise<number>;
  /** Saves what a staged part contains. */
  fill(change: Change, part: number, contents: Contents): Promise<void>;
  /** Moves the account to another part. @returns the old part */
  move(change: Change, part: number, contents: Contents): Promise<number>;
  /** Deletes a part and its rows. A failure is logged: the next owner of the account tries again. */
  discard(part: number): Promise<void>;
  /** Deletes, in the background, what a crash left of an account. */
  discardOthers(account: AccountKey): void;
}

export const createParts = (
  { reader }: Pick<Context, 'reader'>,
  isClosed: () => boolean,
): Parts => {
  const discard = async (part: number): Promise<void> => {
    try {
      for (const slice of SLICES) {
        while ((await run(reader, slice, [part])) > 0);
      }
      await run(reader, REMOVE, [part]);
    } catch (error) {
      if (isClosed()) return;
      logger.warn(
        'Cannot delete the rows that a snapshot or reset replaced: {error}. They are deleted when the account is opened the next time.',
        { error },
      );
    }
  };
  const discardAll = async (account: AccountKey): Promise<void> => {
    const others = await all<{ part: number }>(reader, OTHERS, [account]);
    for (const { part } of others) await discard(part);
  };
  return {
    create: async ({ session, state: { account, nextEvent, nextDelivery } }) => {
      const row = await first<{ part: number }>(session, CREATE, [
        account,
        nextEvent,
        nextDelivery,
      ]);
      return row?.part ?? 0;
    },
    fill: async ({ session }, part, { nextEvent, nextDelivery, emitted, tally }) => {
      const counts = TALLY_COLUMNS.map((column) => tally[column]);
      await run(session, SET, [part, nextEvent, nextDelivery, emitted, ...counts]);
    },
    move: async ({ session, state, afterCommit }, part, { nextEvent, nextDelivery, tally }) => {
      await run(session, MOVE, [state.account, part]);
      afterCommit(() => {
        Object.assign(state, { part, nextEvent, nextDelivery, tally, flights: createFlights() });
      });
      return state.part;
    },
    discard,
    discardOthers: (account) => {
      // A failure of the database is reported by the calls that need it.
      void discardAll(account).catch(() => undefined);
    },
  };
};

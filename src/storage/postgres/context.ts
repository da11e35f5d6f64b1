/**
 * What the parts of the store share, and the transaction around each change of one account.
 *
 * @module
 */
import type { AccountKey } from '../../domain/delivery.ts';
import { LeaseLost } from '../../domain/lease-lost.ts';
import {
  addTally,
  TALLY_COLUMNS,
  type AccountState,
  type AccountStates,
  type Flight,
  type Tally,
} from './account-states.ts';
import { SOLE_OWNER, type Fence } from '../../postgres/fence.ts';
import { isConnectionLost } from '../../postgres/result-codes.ts';
import {
  BEGIN,
  COMMIT,
  first,
  ROLLBACK,
  run,
  statement,
  type Session,
} from '../../postgres/session.ts';
import type { Writer } from './writer.ts';

/** A change under way: a transaction in which this process provably owns the account. */
export interface Change {
  readonly session: Session;
  readonly state: AccountState;
  /** Adds to the account's counts. */
  count(more: Partial<Tally>): Promise<void>;
  /** Calls `effect` directly after the commit, before any other code runs. */
  afterCommit(effect: () => void): void;
}

/** An account as a read sees it. */
export interface View {
  readonly part: number;
  /** Deliveries in flight when the read began. */
  readonly claimed: ReadonlyMap<number, Flight>;
  /** Deliveries in flight now. */
  readonly flights: AccountState['flights'];
}

export interface Context {
  readonly writer: Writer;
  /** Connections for reads. */
  readonly reader: Session;
  readonly states: AccountStates;
  readonly fence: Fence;
  /**
   * Changes one account, in turn with all other writes.
   *
   * @throws {LeaseLost} if another node owns it now; nothing was written
   */
  change<T>(account: AccountKey, work: (change: Change) => Promise<T>): Promise<T>;
  view(account: AccountKey): Promise<View>;
}

const HOLD = statement('SELECT 1 FROM account_lease WHERE account = $1 AND epoch = $2 FOR SHARE');
const ADD = statement(
  `UPDATE part SET ${TALLY_COLUMNS.map((column, index) => `${column} = ${column} + $${index + 2}`).join(', ')} WHERE part = $1`,
);

/** Locks the lease in the transaction that is open. */
export const hold = async (
  session: Session,
  { fence, states }: Pick<Context, 'fence' | 'states'>,
  account: AccountKey,
  epoch: number,
): Promise<void> => {
  if (fence === SOLE_OWNER) return;
  if ((await first(session, HOLD, [account, epoch])) !== undefined) return;
  states.drop(account);
  fence.lost(account);
  throw new LeaseLost(account);
};

/** Runs `work` in a transaction. A failed commit leaves its outcome unknown if the connection was lost. */
const inTransaction = async <T>(
  session: Session,
  state: AccountState,
  work: () => Promise<T>,
): Promise<T> => {
  await run(session, BEGIN, []);
  try {
    const result = await work();
    await run(session, COMMIT, []);
    return result;
  } catch (error) {
    if (isConnectionLost(error)) state.isStale = true;
    await run(session, ROLLBACK, []).catch(() => undefined);
    throw error;
  }
};

export const createContext = (
  parts: Pick<Context, 'writer' | 'reader' | 'states' | 'fence'>,
): Context => {
  const { writer, states } = parts;
  const change: Context['change'] = (account, work) =>
    writer.run(async (session) => {
      const state = await states.load(session, account);
      const effects: (() => void)[] = [];
      const result = await inTransaction(session, state, async () => {
        await hold(session, parts, account, state.epoch);
        return work({
          session,
          state,
          count: async (more) => {
            await run(session, ADD, [
              state.part,
              ...TALLY_COLUMNS.map((column) => more[column] ?? 0),
            ]);
            effects.push(() => addTally(state.tally, more));
          },
          afterCommit: (effect) => void effects.push(effect),
        });
      });
      for (const effect of effects) effect();
      return result;
    });
  return {
    ...parts,
    change,
    view: async (account) => {
      const known = states.peek(account);
      const state =
        known?.isStale === false
          ? known
          : await writer.run((session) => states.load(session, account));
      return { part: state.part, claimed: new Map(state.flights.all), flights: state.flights };
    },
  };
};

/**
 * Group commit: publishes and records of all accounts that arrive while a commit is under way form the next one.
 *
 * - Values that cannot be stored, such as an event id that exists, fail the statement. The flush is then divided until the
 *   culprit is alone; only its call fails.
 * - If the lease of an account was lost, the statement writes nothing. Its publishes reject and its records are refused, and
 *   the rest is sent again.
 * - If the connection is lost, it is unknown whether the flush was committed. The writer connects again, which ends the old
 *   session, and looks for the flush's mark in the rows of its accounts. Without the mark, the flush is sent again. If the
 *   server cannot be reached, all calls reject, although the flush may be stored; what memory knows of these accounts is
 *   read again before it is used, so no attempt is recorded twice.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import type { AccountKey } from '../../domain/delivery.ts';
import { LeaseLost } from '../../domain/lease-lost.ts';
import { addTally, noRows, type AccountState } from './account-states.ts';
import { createBatches, type Item } from './batches.ts';
import {
  commitOf,
  emptyRows,
  type Committed,
  type PartChange,
  type Rows,
} from './commit-statement.ts';
import type { Context } from './context.ts';
import { SOLE_OWNER } from '../../postgres/fence.ts';
import { isBadData, isConnectionLost } from '../../postgres/result-codes.ts';
import { first, numbers, statement, type Session } from '../../postgres/session.ts';

/** One call's share of a group commit. */
export interface Write extends Item {
  readonly account: AccountKey;
  /**
   * Adds rows. Called again if the flush has to be repeated.
   *
   * @returns a function to call directly after the commit; null if there is nothing to write
   */
  prepare(state: AccountState, change: PartChange, rows: Rows): (() => void) | null;
  /** Settles the call if its values cannot be stored. */
  reject(session: Session, state: AccountState, error: unknown): Promise<void>;
  /** Settles the call if another node owns the account. */
  refuse(lost: LeaseLost): void;
}

/** Flushes are identified by a random number. */
const MAX_FLUSH = 2 ** 47;

/** Connections that may be lost in a row while a flush is sent. */
const MAX_TRIES = 10;

const MARKED = statement('SELECT 1 FROM part WHERE part = ANY ($1::int[]) AND flush = $2 LIMIT 1');

interface Prepared {
  readonly write: Write;
  readonly state: AccountState;
  readonly committed: () => void;
}

interface Flush {
  readonly rows: Rows;
  readonly prepared: readonly Prepared[];
  readonly states: ReadonlyMap<number, AccountState>;
}

const changeOf = ({ account, epoch, part, nextEvent, nextDelivery }: AccountState): PartChange => ({
  part,
  account,
  epoch,
  more: noRows(),
  nextEvent,
  nextDelivery,
  emitted: null,
});

/** Builds the rows of a flush. */
const prepareAll = async (
  session: Session,
  { states }: Context,
  writes: readonly Write[],
): Promise<Flush> => {
  const changes = new Map<number, PartChange>();
  const used = new Map<number, AccountState>();
  const parts: PartChange[] = [];
  const rows = emptyRows(randomInt(1, MAX_FLUSH), parts);
  const loaded: { readonly write: Write; readonly state: AccountState }[] = [];
  for (const write of writes) {
    try {
      loaded.push({ write, state: await states.load(session, write.account) });
    } catch (error) {
      if (error instanceof LeaseLost) write.refuse(error);
      else write.fail(error);
    }
  }
  // From here on, nothing is awaited before the statement is sent.
  const prepared = loaded.flatMap(({ write, state }) => {
    let change = changes.get(state.part);
    if (change === undefined) {
      change = changeOf(state);
      changes.set(state.part, change);
    }
    const committed = write.prepare(state, change, rows);
    if (committed === null) return [];
    if (!used.has(state.part)) {
      used.set(state.part, state);
      parts.push(change);
    }
    return [{ write, state, committed }];
  });
  return { rows, prepared, states: used };
};

/** Whether a flush whose connection was lost is committed: it marks all of its parts. */
const isCommitted = async (session: Session, { rows }: Flush): Promise<boolean> => {
  const parts = numbers(rows.parts.map(({ part }) => part));
  return (await first(session, MARKED, [parts, rows.flush])) !== undefined;
};

/** Updates memory after the commit, and settles the calls. */
const conclude = ({ rows, prepared, states }: Flush): void => {
  for (const { part, more, nextEvent, nextDelivery } of rows.parts) {
    const state = states.get(part);
    if (state === undefined) continue;
    addTally(state.tally, more);
    Object.assign(state, { nextEvent, nextDelivery });
  }
  for (const { committed } of prepared) committed();
};

/** Refuses the writes to accounts whose lease was lost. @returns the other ones */
const refuseLost = (
  { states, fence }: Context,
  flush: Flush,
  held: ReadonlySet<number>,
): readonly Write[] => {
  for (const [part, { account }] of flush.states) {
    if (held.has(part)) continue;
    states.drop(account);
    fence.lost(account);
  }
  return flush.prepared.flatMap(({ write, state }) => {
    if (held.has(state.part)) return write;
    write.refuse(new LeaseLost(state.account));
    return [];
  });
};

const markStale = (flush: Flush): void => {
  for (const state of flush.states.values()) state.isStale = true;
};

/** Sends a flush. @returns the parts whose leases stand; if it is not all of them, nothing was written */
const send = async (
  session: Session,
  { fence }: Context,
  flush: Flush,
): Promise<ReadonlySet<number>> => {
  const [text, values] = commitOf(flush.rows, fence !== SOLE_OWNER);
  const row = await first<Committed & Record<string, unknown>>(session, text, values);
  const held = new Set(row?.held ?? []);
  // A record that fits memory but no row would be a fault of this program: read the account again.
  const isWritten = held.size === flush.states.size;
  if (isWritten && row?.recorded !== flush.rows.records.part.length) markStale(flush);
  return held;
};

/** Sends a flush, and finds out whether it was committed if the connection is lost meanwhile. */
const sendSafely = async (
  session: Session,
  context: Context,
  flush: Flush,
): Promise<ReadonlySet<number>> => {
  let isDoubtful = false;
  for (let tries = 1; ; tries += 1) {
    try {
      if (isDoubtful) await context.writer.reopen();
      if (isDoubtful && (await isCommitted(session, flush))) return new Set(flush.states.keys());
      isDoubtful = false;
      return await send(session, context, flush);
    } catch (error) {
      if (!isConnectionLost(error) || tries >= MAX_TRIES) {
        if (isDoubtful || isConnectionLost(error)) markStale(flush);
        throw error;
      }
      isDoubtful = true;
    }
  }
};

/** @returns a function that adds a write to the next commit */
export const createGroupCommit = (context: Context): ((write: Write) => void) => {
  const commit = async (session: Session, writes: readonly Write[]): Promise<void> => {
    const flush = await prepareAll(session, context, writes);
    if (flush.prepared.length === 0) return;
    let held: ReadonlySet<number>;
    try {
      held = await sendSafely(session, context, flush);
    } catch (error) {
      if (!isBadData(error)) throw error;
      return divide(session, flush.prepared, error);
    }
    if (held.size === flush.states.size) return conclude(flush);
    return commit(session, refuseLost(context, flush, held));
  };
  const divide = async (
    session: Session,
    prepared: readonly Prepared[],
    error: unknown,
  ): Promise<void> => {
    const [only] = prepared;
    if (prepared.length === 1 && only !== undefined)
      return only.write.reject(session, only.state, error);
    const middle = prepared.length >> 1;
    const writes = prepared.map(({ write }) => write);
    await commit(session, writes.slice(0, middle));
    return commit(session, writes.slice(middle));
  };
  return createBatches(context.writer, commit);
};

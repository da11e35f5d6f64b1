/**
 * Group commit: publishes and records of all accounts that arrive while a commit is under way form the next one.
 *
 * - Values that cannot be stored, such as an event id that exists, fail the statement. The flush is then divided until the
 *   culprit is alone; only its call fails.
 * - An account whose lease was lost is left out; its publishes reject and its records are refused.
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
  COMMIT_ALL,
  COMMIT_FENCED,
  emptyRows,
  valuesOf,
  type Committed,
  type PartChange,
  type Rows,
} from './commit-statement.ts';
import type { Context } from './context.ts';
import { SOLE_OWNER } from '../../postgres/fence.ts';
import { isBadData, isConnectionLost } from '../../postgres/result-codes.ts';
import { all, first, numbers, statement, type Session } from '../../postgres/session.ts';

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

const NONE: ReadonlySet<number> = new Set();

/** Connections that may be lost in a row while a flush is sent. */
const MAX_TRIES = 10;

const WRITTEN_BY = statement('SELECT part FROM part WHERE part = ANY ($1::int[]) AND flush = $2');

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

/** Parts that a flush wrote whose connection was lost: none, or all but those whose lease was lost. */
const writtenBy = async (session: Session, { rows }: Flush): Promise<ReadonlySet<number>> => {
  const parts = rows.parts.map(({ part }) => part);
  const marked = await all<{ part: number }>(session, WRITTEN_BY, [numbers(parts), rows.flush]);
  return new Set(marked.map(({ part }) => part));
};

/** Updates memory after the commit, and settles the calls. */
const conclude = (context: Context, flush: Flush, written: ReadonlySet<number>): void => {
  const { fence, states } = context;
  for (const change of flush.rows.parts) {
    const state = flush.states.get(change.part);
    if (state === undefined || !written.has(change.part)) continue;
    addTally(state.tally, change.more);
    state.nextEvent = change.nextEvent;
    state.nextDelivery = change.nextDelivery;
  }
  for (const { state, committed } of flush.prepared) if (written.has(state.part)) committed();
  for (const { write, state } of flush.prepared) {
    if (!written.has(state.part)) write.refuse(new LeaseLost(state.account));
  }
  for (const [part, { account }] of flush.states) {
    if (written.has(part)) continue;
    states.drop(account);
    fence.lost(account);
  }
};

const markStale = (flush: Flush): void => {
  for (const state of flush.states.values()) state.isStale = true;
};

/** Sends a flush. @returns the parts that were written */
const send = async (
  session: Session,
  { fence }: Context,
  flush: Flush,
): Promise<ReadonlySet<number>> => {
  const text = fence === SOLE_OWNER ? COMMIT_ALL : COMMIT_FENCED;
  const values = valuesOf(flush.rows);
  const row = await first<Committed & Record<string, unknown>>(session, text, values);
  // Without a lost lease, a record that fits memory but no row is a fault of this program: read the account again.
  if (row?.recorded !== flush.rows.records.part.length) markStale(flush);
  return new Set(row?.parts ?? []);
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
      const written = isDoubtful ? await writtenBy(session, flush) : NONE;
      if (written.size > 0) return written;
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
    let written: ReadonlySet<number>;
    try {
      written = await sendSafely(session, context, flush);
    } catch (error) {
      if (!isBadData(error)) throw error;
      return divide(session, flush.prepared, error);
    }
    conclude(context, flush, written);
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

/**
 * Transactions. Writes that can wait a moment share one, because a commit costs as much as the rows of ten events.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreClosed } from '../../domain/store-failure.ts';

/** One caller's part of a shared transaction. */
export interface Part<Result, Written> {
  /** Writes. Called again, after {@link Part.undo}, if another part failed and the transaction is repeated. */
  run(this: void): Written;
  /** Reverts what `run` changed in memory: the transaction was rolled back. */
  undo(this: void): void;
  /** Called directly after the commit, before any other code runs. */
  committed(this: void, written: Written): Result;
}

interface Joined {
  /** Runs the part. @returns callback for after the commit */
  run(this: void): () => void;
  undo(this: void): void;
  fail(this: void, error: unknown): void;
}

/** Called for every transaction of a database. */
export interface TransactionHooks {
  /** Called before the commit; may write. */
  beforeCommit(this: void): void;
  committed(this: void): void;
  rolledBack(this: void): void;
}

interface Connection {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  waiting: Joined[];
  hooks: TransactionHooks;
}

const nothing = (): void => undefined;

/** Prepared once per database: parsing a statement costs as much as writing a row. */
const connections = new WeakMap<DatabaseSync, Connection>();

const connectionOf = (db: DatabaseSync): Connection => {
  const existing = connections.get(db);
  if (existing !== undefined) return existing;
  const connection: Connection = {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    waiting: [],
    hooks: { beforeCommit: nothing, committed: nothing, rolledBack: nothing },
  };
  connections.set(db, connection);
  return connection;
};

const rollBack = (db: DatabaseSync): void => {
  if (db.isTransaction) db.exec('ROLLBACK');
  connectionOf(db).hooks.rolledBack();
};

/** Runs `work` and rolls its writes back, so nothing is written to the medium. */
export const inRolledBackTransaction = <T>(db: DatabaseSync, work: () => T): T => {
  connectionOf(db).begin.run();
  try {
    return work();
  } finally {
    rollBack(db);
  }
};

/** Result of running parts one after the other: callbacks for after the commit, or the index of the part that failed. */
type RunResult =
  | { readonly failed: null; readonly onCommit: readonly (() => void)[] }
  | { readonly failed: number; readonly error: unknown };

const runAll = (parts: readonly Joined[]): RunResult => {
  const onCommit: (() => void)[] = [];
  for (const [index, part] of parts.entries()) {
    try {
      onCommit.push(part.run());
    } catch (error) {
      for (const started of parts.slice(0, index + 1).toReversed()) started.undo();
      return { failed: index, error };
    }
  }
  return { failed: null, onCommit };
};

/** Rejects calls that arrived after the database was closed. */
const rejectWaiting = (db: DatabaseSync): void => {
  const connection = connectionOf(db);
  const parts = connection.waiting;
  connection.waiting = [];
  for (const { fail } of parts) fail(new StoreClosed());
};

/**
 * Commits all waiting parts and `work` in one transaction. A part that fails is left out and its caller is notified. If
 * `work` fails, the parts are committed without it, because they belong to other callers.
 */
const commitAll = <T>(db: DatabaseSync, work: () => T): T => {
  if (!db.isOpen) {
    rejectWaiting(db);
    throw new StoreClosed();
  }
  const connection = connectionOf(db);
  const parts = connection.waiting;
  connection.waiting = [];
  for (;;) {
    let ran: RunResult | null = null;
    try {
      connection.begin.run();
      ran = runAll(parts);
      if (ran.failed === null) {
        const result = work();
        connection.hooks.beforeCommit();
        connection.commit.run();
        connection.hooks.committed();
        for (const callback of ran.onCommit) callback();
        return result;
      }
      rollBack(db);
    } catch (error) {
      rollBack(db);
      if (ran?.failed === null) for (const part of parts.toReversed()) part.undo();
      if (ran?.failed === null && parts.length > 0 && work !== nothing) {
        connection.waiting = parts;
        commitWaiting(db);
      } else {
        for (const part of parts) part.fail(error);
      }
      throw error;
    }
    for (const part of parts.splice(ran.failed, 1)) part.fail(ran.error);
  }
};

/** Calls `hooks` for each transaction. Replaces the previous ones. */
export const onTransactions = (db: DatabaseSync, hooks: TransactionHooks): void => {
  connectionOf(db).hooks = hooks;
};

/** Commits the waiting parts, if there are any. A failure is reported to their callers, not to this one. */
export const commitWaiting = (db: DatabaseSync): void => {
  if (connectionOf(db).waiting.length === 0) return;
  try {
    commitAll(db, nothing);
  } catch {
    // Each part's promise has been rejected with this error.
  }
};

/**
 * Runs `part` in the next transaction: in one that another call makes, or in one for all parts that arrive until the event
 * loop has come round twice. Resolves once it is committed; rejects if nothing of it was written.
 */
export const joinNextTransaction = <Result, Written>(
  db: DatabaseSync,
  part: Part<Result, Written>,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const { waiting } = connectionOf(db);
    waiting.push({
      run: () => {
        const written = part.run();
        return () => resolve(part.committed(written));
      },
      undo: part.undo,
      fail: reject,
    });
    if (waiting.length > 1) return;
    // Attempts that end meanwhile are recorded in one transaction, which includes this part.
    setImmediate(() => setImmediate(() => commitWaiting(db)));
  });

/** Runs `work` in one transaction with the waiting parts. If `work` throws, its writes are rolled back. */
export const transactionWithWaiting = commitAll;

/** Commits the waiting parts, then runs `work` in a transaction of its own, rolled back if it throws. */
export const transaction = <T>(db: DatabaseSync, work: () => T): T => {
  commitWaiting(db);
  return commitAll(db, work);
};

/**
 * Runs `work` in a transaction without foreign key checks, to remove the rows of a whole account. For each removed row,
 * SQLite would look for references by scanning the deliveries of all accounts: there is no index for it, because the hot
 * path would pay for one.
 */
export const transactionWithoutForeignKeys = <T>(db: DatabaseSync, work: () => T): T => {
  commitWaiting(db);
  db.exec('PRAGMA foreign_keys = OFF');
  try {
    return transaction(db, work);
  } finally {
    db.exec('PRAGMA foreign_keys = ON');
  }
};

/**
 * Transactions. What can wait a moment shares one: a commit costs as much as the rows of ten events.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** One caller's share of a transaction. */
export interface Part<Result, Written> {
  /** Writes. Called again when the transaction has to begin anew, after {@link Part.undo}. */
  run(this: void): Written;
  /** Nothing of it was written after all: forgets what `run` noted in memory. */
  undo(this: void): void;
  /** It is durable, and nothing else has happened since. */
  kept(this: void, written: Written): Result;
}

interface Joined {
  /** Runs the part; @returns what to do once it is durable */
  run(this: void): () => void;
  undo(this: void): void;
  fail(this: void, error: unknown): void;
}

interface Connection {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  waiting: Joined[];
  committed(this: void): void;
}

/** Statements prepared once per database: parsing them anew costs as much as a row. */
const connections = new WeakMap<DatabaseSync, Connection>();

const connectionOf = (db: DatabaseSync): Connection => {
  const known = connections.get(db);
  if (known !== undefined) return known;
  const made: Connection = {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    waiting: [],
    committed: () => undefined,
  };
  connections.set(db, made);
  return made;
};

const rollBack = (db: DatabaseSync): void => {
  if (db.isTransaction) db.exec('ROLLBACK');
};

/** Runs `work`, and takes back what it wrote: as nothing is committed, nothing is written to the medium. */
export const rolledBack = <T>(db: DatabaseSync, work: () => T): T => {
  connectionOf(db).begin.run();
  try {
    return work();
  } finally {
    rollBack(db);
  }
};

/** What became of parts that ran one after the other. */
type Ran =
  | { readonly failed: null; readonly kept: readonly (() => void)[] }
  | { readonly failed: number; readonly error: unknown };

const runAll = (parts: readonly Joined[]): Ran => {
  const kept: (() => void)[] = [];
  for (const [index, part] of parts.entries()) {
    try {
      kept.push(part.run());
    } catch (error) {
      for (const begun of parts.slice(0, index + 1).toReversed()) begun.undo();
      return { failed: index, error };
    }
  }
  return { failed: null, kept };
};

const nothing = (): void => undefined;

/**
 * Everything that waits, and `work`, in one transaction. A part that fails is left out; when `work` fails, the parts are
 * committed without it: they are other callers' business.
 */
const commitAll = <T>(db: DatabaseSync, work: () => T): T => {
  const connection = connectionOf(db);
  const parts = connection.waiting;
  connection.waiting = [];
  for (;;) {
    let ran: Ran | null = null;
    try {
      connection.begin.run();
      ran = runAll(parts);
      if (ran.failed === null) {
        const result = work();
        connection.commit.run();
        for (const keep of ran.kept) keep();
        connection.committed();
        return result;
      }
      rollBack(db);
    } catch (error) {
      rollBack(db);
      if (ran?.failed === null) for (const part of parts.toReversed()) part.undo();
      if (ran?.failed === null && parts.length > 0 && work !== nothing) {
        connection.waiting = parts;
        writeWaiting(db);
      } else {
        for (const part of parts) part.fail(error);
      }
      throw error;
    }
    for (const part of parts.splice(ran.failed, 1)) part.fail(ran.error);
  }
};

/** Calls `committed` after each transaction from now on. */
export const afterCommit = (db: DatabaseSync, committed: (this: void) => void): void => {
  connectionOf(db).committed = committed;
};

/** Writes what waits for a transaction, if anything does. Who waits is told of a failure; so the caller is not. */
export const writeWaiting = (db: DatabaseSync): void => {
  if (connectionOf(db).waiting.length === 0) return;
  try {
    commitAll(db, nothing);
  } catch {
    // Every part that waited has been refused with this error.
  }
};

/**
 * Runs `part` in a transaction soon: one that is about to be made anyway, else one with all that is asked for until
 * the event loop has come round. Resolves when it is durable; rejects when nothing of it was written.
 */
export const inNextTransaction = <Result, Written>(
  db: DatabaseSync,
  part: Part<Result, Written>,
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const { waiting } = connectionOf(db);
    waiting.push({
      run: () => {
        const written = part.run();
        return () => resolve(part.kept(written));
      },
      undo: part.undo,
      fail: reject,
    });
    if (waiting.length > 1) return;
    // Attempts that end meanwhile are written once all have been read: they take it along.
    setImmediate(() => setImmediate(() => db.isOpen && writeWaiting(db)));
  });

/** Runs `work` in one transaction with what waits for one; nothing of it stays when it throws. */
export const transactionWithWaiting = commitAll;

/** Runs `work` in one transaction, after what was asked for before; nothing of it stays when it throws. */
export const transaction = <T>(db: DatabaseSync, work: () => T): T => {
  writeWaiting(db);
  return commitAll(db, work);
};

/**
 * A transaction that removes or fills an account as a whole, with the children first or last. To look for the children
 * of each removed row, SQLite would walk through every other account's deliveries: no index leads to them, because the
 * hot path would pay for it.
 */
export const transactionWithoutChecks = <T>(db: DatabaseSync, work: () => T): T => {
  writeWaiting(db);
  db.exec('PRAGMA foreign_keys = OFF');
  try {
    return transaction(db, work);
  } finally {
    db.exec('PRAGMA foreign_keys = ON');
  }
};

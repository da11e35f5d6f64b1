/**
 * Opens the file: one writer, the right version, ours. Everything that is wrong with it is said before it is touched.
 *
 * @module
 */
import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { getLogger } from '@logtape/logtape';
import { CHECKPOINT_PAGES } from './checkpoints.ts';
import { lockHolder } from './lock-holder.ts';
import { loadSqlite } from './node-sqlite.ts';
import { RESULT } from './result-codes.ts';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from './schema.ts';

const logger = getLogger(['sendemall-mock', 'storage']);

/** A database that cannot be used; the message says which, why and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

const refuse = (path: string, why: string, remedy: string): never => {
  throw new StoreError(`Cannot keep state in ${path}: ${why}. ${remedy}`);
};

const holder = (path: string): string => {
  const pid = lockHolder(path);
  if (pid === process.pid) return 'this process has it open already';
  return `another process ${pid === null ? '' : `(pid ${pid}) `}has it open`;
};

/** In a container the name of the user is a number, and the folder is someone else's. */
const whoAmI = (): string =>
  process.getuid === undefined ? '' : `: user ${process.getuid()} must be able to write there`;

/** @throws {StoreError} for what SQLite says of the file, else the error as it is */
export const explain = (path: string, error: unknown): never => {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  switch (code) {
    case RESULT.busy:
      return refuse(path, holder(path), 'Stop the other sandbox, or give this one another --db.');
    case RESULT.readOnly:
      return refuse(
        path,
        'it cannot be written',
        'Make the file and its folder writable, or give another --db.',
      );
    case RESULT.corrupt:
      return refuse(path, 'it is damaged', 'Give another --db, or a copy from before.');
    case RESULT.cannotOpen:
      return refuse(
        path,
        'it cannot be opened',
        `Check the permissions of the file and its folder${whoAmI()}.`,
      );
    case RESULT.notADatabase:
      return refuse(
        path,
        'it is not a SQLite database',
        'Give a file of the sandbox, or one that does not exist yet.',
      );
    case RESULT.full:
      return refuse(
        path,
        'there is no space left',
        'Free some on that disk, or give another --db.',
      );
    case RESULT.ioError:
      return refuse(path, 'the disk answers with an error', 'Check it, or give another --db.');
    default:
      throw error;
  }
};

const checkPath = (path: string): void => {
  if (existsSync(path) && statSync(path).isDirectory()) {
    refuse(path, 'it is a folder', 'Give a file in it, e.g. sendemall.db.');
  }
  if (!existsSync(dirname(path))) {
    refuse(path, `the folder ${dirname(path)} does not exist`, 'Make it first.');
  }
};

const pragma = (db: DatabaseSync, name: string): number =>
  Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);

/** @throws {StoreError} when it is not ours, or of a later version than ours */
const inspect = (db: DatabaseSync, path: string): { version: number; isNew: boolean } => {
  const version = pragma(db, 'user_version');
  const application = pragma(db, 'application_id');
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  const isNew = application === 0 && version === 0 && tables === 0;
  if (application !== APPLICATION_ID && !isNew) {
    refuse(path, 'it is the database of another program', 'Give a file that does not exist yet.');
  }
  if (version > SCHEMA_VERSION) {
    refuse(
      path,
      `a newer version of the sandbox wrote it (format ${version}, this one knows ${SCHEMA_VERSION})`,
      'Update sendemall-mock, or give another --db.',
    );
  }
  return { version, isNew };
};

const prepare = (db: DatabaseSync, path: string): void => {
  const { version, isNew } = inspect(db, path);
  // In WAL mode an exclusive lock is taken by the first write and kept until the process ends, however it ends.
  // NORMAL survives a killed process; after a power cut the last commits may be missing.
  db.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL',
  );
  db.exec(
    `PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
  );
  if (isNew) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  migrate(db, version);
  db.exec('BEGIN IMMEDIATE; COMMIT');
};

/** Webhooks' secrets are in it. Its log gets the rights of the file that it belongs to. */
const PRIVATE = 0o600;
const OTHERS = 0o077;

/** Makes a new file that only its owner can read; what else may be wrong with the path, SQLite says. */
const createPrivate = (path: string): void => {
  try {
    closeSync(openSync(path, 'ax', PRIVATE));
  } catch {
    // It is there already, or cannot be made.
  }
};

/** Takes the rights of everybody else away: older versions made files that all users could read. */
const restrict = (path: string): void => {
  for (const one of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      if ((statSync(one).mode & OTHERS) !== 0) chmodSync(one, PRIVATE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      logger.warn('Other users can read {path}, which holds secrets: {error}. chmod 600 it.', {
        path: one,
        error,
      });
    }
  }
};

export const openDatabase = (file: string): DatabaseSync => {
  const path = resolve(file);
  checkPath(path);
  const { DatabaseSync: Database } = loadSqlite();
  let db: DatabaseSync | null = null;
  try {
    // A killed process leaves a log. Whoever may write folds it into the file on closing, so look without that right.
    if (existsSync(`${path}-wal`)) {
      db = new Database(path, { timeout: 0, readOnly: true });
      inspect(db, path);
      db.close();
    }
    createPrivate(path);
    db = new Database(path, { timeout: 0 });
    prepare(db, path);
    if (process.platform !== 'win32') restrict(path);
    return db;
  } catch (error) {
    if (db?.isOpen === true) db.close();
    if (error instanceof StoreError) throw error;
    return explain(path, error);
  }
};

/**
 * Opens a database file. A file that belongs to another program, another process or a newer version is refused before it
 * is changed.
 *
 * @module
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { getLogger } from '@logtape/logtape';
import { StoreError } from '../../domain/store-error.ts';
import { CHECKPOINT_PAGES } from './checkpoints.ts';
import { lockHolder } from './lock-holder.ts';
import { loadSqlite } from './node-sqlite.ts';
import { RESULT } from './result-codes.ts';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from './schema.ts';

const logger = getLogger(['sendemall-mock', 'storage']);

/** @param remedy a text, or a function of the name of the option that selects the file */
const refuse = (
  path: string,
  why: string,
  remedy: string | ((option: string) => string),
): never => {
  throw new StoreError(
    { option: 'db', value: path },
    `Cannot keep state in ${path}: ${why}`,
    typeof remedy === 'string' ? () => remedy : remedy,
  );
};

const refuseUnwritable = (path: string): never =>
  refuse(
    path,
    'it is not writable',
    (db) => `Make the file and its folder writable, or pass another ${db}.`,
  );

const holder = (path: string): string => {
  const pid = lockHolder(path);
  if (pid === process.pid) return 'it is open in this process already';
  return `it is open in another process${pid === null ? '' : ` (pid ${pid})`}`;
};

/** Names the user by number: in a container there is often no name, and the folder belongs to another user. */
const userHint = (): string =>
  process.getuid === undefined ? '' : `: user ${process.getuid()} must be able to write there`;

/**
 * Converts an SQLite error about the file to a message for the user.
 *
 * @throws {StoreError} if SQLite reports a problem with the file; any other error is rethrown
 */
export const throwStoreError = (path: string, error: unknown): never => {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  switch (code) {
    case RESULT.busy:
      return refuse(path, holder(path), (db) => `Stop the other sandbox, or pass another ${db}.`);
    case RESULT.readOnly:
      return refuseUnwritable(path);
    case RESULT.corrupt:
      return refuse(
        path,
        'it is damaged',
        (db) => `Pass another ${db}, or restore the file from a backup.`,
      );
    case RESULT.cannotOpen:
      return refuse(
        path,
        'it cannot be opened',
        `Check the permissions of the file and its folder${userHint()}.`,
      );
    case RESULT.notADatabase:
      return refuse(
        path,
        'it is not a SQLite database',
        'Pass a database of the sandbox, or a file that does not exist yet.',
      );
    case RESULT.full:
      return refuse(
        path,
        'no space is left on the device',
        (db) => `Free some space, or pass another ${db}.`,
      );
    case RESULT.ioError:
      return refuse(
        path,
        'the disk reports an I/O error',
        (db) => `Check the disk, or pass another ${db}.`,
      );
    default:
      throw error;
  }
};

/** SQLite opens a file without write permission for reading, and starts a read transaction on `BEGIN IMMEDIATE`. */
const checkWritable = (path: string): void => {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') refuseUnwritable(path);
    // SQLite reports any other problem when it opens the file.
  }
};

const checkPath = (path: string): void => {
  if (existsSync(path) && statSync(path).isDirectory()) {
    refuse(path, 'it is a folder', 'Pass a file in it, e.g. sendemall.db.');
  }
  if (!existsSync(dirname(path))) {
    refuse(path, `the folder ${dirname(path)} does not exist`, 'Create it first.');
  }
};

const pragma = (db: DatabaseSync, name: string): number =>
  Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);

/** @throws {StoreError} if it is the database of another program or of a newer version */
const inspect = (db: DatabaseSync, path: string): { version: number; isNew: boolean } => {
  const version = pragma(db, 'user_version');
  const application = pragma(db, 'application_id');
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  const isNew = application === 0 && version === 0 && tables === 0;
  if (application !== APPLICATION_ID && !isNew) {
    refuse(path, 'it is the database of another program', 'Pass a file that does not exist yet.');
  }
  if (version > SCHEMA_VERSION) {
    refuse(
      path,
      `a newer version of the sandbox wrote it (format ${version}, this one reads up to ${SCHEMA_VERSION})`,
      (db) => `Update sendemall-mock, or pass another ${db}.`,
    );
  }
  return { version, isNew };
};

const prepare = (db: DatabaseSync, path: string): void => {
  const { version, isNew } = inspect(db, path);
  // In WAL mode the first write takes an exclusive lock, which is held until the process ends, however it ends.
  // NORMAL survives a killed process; a power failure may lose the last commits.
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

/** The file contains webhook secrets. SQLite gives the log the permissions of its database. */
const PRIVATE = 0o600;
const OTHERS = 0o077;

/** Creates a file that only its owner can read. Leaves any other problem with the path to SQLite. */
const createPrivate = (path: string): void => {
  try {
    closeSync(openSync(path, 'ax', PRIVATE));
  } catch {
    // It exists already, or SQLite will report why it cannot be created.
  }
};

/** Removes the permissions of other users: older versions created files that everyone could read. */
const restrict = (path: string): void => {
  for (const one of [path, `${path}-wal`, `${path}-shm`]) {
    try {
      const { mode } = statSync(one);
      // A file that its owner has made read-only stays so.
      if ((mode & OTHERS) !== 0) chmodSync(one, mode & 0o777 & ~OTHERS);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      logger.warn(
        'Other users can read {path}, which contains secrets: {error}. Run chmod 600 on it.',
        {
          path: one,
          error,
        },
      );
    }
  }
};

/**
 * Opens and locks a database file; creates or migrates it if necessary.
 *
 * @throws {StoreError} if the file cannot be used; it is unchanged then
 */
export const openDatabase = (file: string): DatabaseSync => {
  const path = resolve(file);
  checkPath(path);
  const { DatabaseSync: Database } = loadSqlite();
  let db: DatabaseSync | null = null;
  try {
    // A killed process leaves a log. A writable connection would merge it into the file on closing, so inspect read-only.
    if (existsSync(`${path}-wal`)) {
      db = new Database(path, { timeout: 0, readOnly: true });
      inspect(db, path);
      db.close();
    }
    createPrivate(path);
    checkWritable(path);
    db = new Database(path, { timeout: 0 });
    prepare(db, path);
    if (process.platform !== 'win32') restrict(path);
    return db;
  } catch (error) {
    if (db?.isOpen === true) db.close();
    if (error instanceof StoreError) throw error;
    return throwStoreError(path, error);
  }
};

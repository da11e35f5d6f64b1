/**
 * Loads `node:sqlite` without the ExperimentalWarning of Node 22, which users of the sandbox cannot act on. Node 24 prints
 * no warning.
 *
 * @module
 */
import type * as Sqlite from 'node:sqlite';

/** Suppresses only this warning, and only while the module loads. */
export const loadSqlite = (): typeof Sqlite => {
  const emit = process.emitWarning;
  const passOn = emit as (...args: unknown[]) => void;
  process.emitWarning = (...args: unknown[]): void => {
    const [warning, type] = args;
    if (type === 'ExperimentalWarning' && String(warning).startsWith('SQLite ')) return;
    passOn.apply(process, args);
  };
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emit;
  }
};

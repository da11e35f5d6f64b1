/**
 * Loads `node:sqlite`, without the warning that Node 22 prints about it: nobody who runs a mock can act on it, and it
 * would stand between the lines that they look for. Node 24 prints none.
 *
 * @module
 */
import type * as Sqlite from 'node:sqlite';

/** Only this one warning, and only while this one module loads: everything else is passed on. */
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

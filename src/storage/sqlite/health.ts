/**
 * Health of the medium: translates SQLite errors into `StoreFailure`, and reports them to listeners.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreClosed } from '../../domain/store-failure.ts';
import { createFailures, type Failures } from '../failures.ts';
import type { StoreHealth } from '../store.ts';
import { toStoreFailure } from './medium-failure.ts';
import { transaction } from './transaction.ts';

export type Health = StoreHealth & Omit<Failures, 'rethrow'>;

export const createHealth = (db: DatabaseSync): Health => {
  const { rethrow, ...failures } = createFailures((error) =>
    db.isOpen ? toStoreFailure(error) : new StoreClosed(error),
  );
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  return {
    ...failures,
    // SQLite writes the page although the version does not change.
    checkWritable: async () => {
      try {
        transaction(db, () => db.exec(`PRAGMA user_version = ${version}`));
      } catch (error) {
        rethrow(error);
      }
    },
  };
};

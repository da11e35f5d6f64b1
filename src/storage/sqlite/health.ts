/**
 * Failures of the medium, told apart from everything else that SQLite may say, and passed on to whoever listens.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreFailure } from '../../domain/store-failure.ts';
import type { StoreHealth } from '../store.ts';
import { asFailure } from './medium-failure.ts';
import { transaction } from './transaction.ts';

type Methods = Readonly<Record<string, unknown>>;

export interface Health extends StoreHealth {
  /** The same items; a failure of the medium on the way to the next one is a {@link StoreFailure}. */
  watchItems<T>(items: AsyncIterable<T>): AsyncIterable<T>;
  /** The same methods; those that reject with a failure of the medium reject with a {@link StoreFailure}. */
  watch<T extends object>(methods: T): T;
}

export const createHealth = (db: DatabaseSync): Health => {
  const listeners = new Set<(failure: StoreFailure) => void>();
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  const rethrow = (error: unknown): never => {
    const failure = asFailure(error);
    if (failure instanceof StoreFailure) for (const listener of listeners) listener(failure);
    throw failure;
  };
  const watched =
    (method: (...args: unknown[]) => Promise<unknown>) =>
    (...args: unknown[]): Promise<unknown> =>
      method(...args).catch(rethrow);
  async function* watchItems<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    try {
      yield* items;
    } catch (error) {
      rethrow(error);
    }
  }
  return {
    watchItems,
    watch: <T extends object>(methods: T): T =>
      Object.fromEntries(
        Object.entries(methods as Methods).map(([name, method]) => [
          name,
          typeof method === 'function' ? watched(method as never) : method,
        ]),
      ) as T,
    // The page that holds the version is written although the version is what it was.
    checkWritable: async () => {
      try {
        transaction(db, () => db.exec(`PRAGMA user_version = ${version}`));
      } catch (error) {
        rethrow(error);
      }
    },
    onFailure: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

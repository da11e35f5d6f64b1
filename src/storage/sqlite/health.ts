/**
 * Health of the medium: translates SQLite errors into `StoreFailure`, and reports them to listeners.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreClosed, StoreFailure } from '../../domain/store-failure.ts';
import type { StoreHealth } from '../store.ts';
import { toStoreFailure } from './medium-failure.ts';
import { transaction } from './transaction.ts';

type Methods = Readonly<Record<string, unknown>>;

export interface Health extends StoreHealth {
  /** @returns the same items; if the medium fails during iteration, the error is a {@link StoreFailure} */
  translateItemErrors<T>(items: AsyncIterable<T>): AsyncIterable<T>;
  /** @returns the same methods; if the medium fails, they reject with a {@link StoreFailure} */
  translateErrors<T extends object>(methods: T): T;
}

export const createHealth = (db: DatabaseSync): Health => {
  const listeners = new Set<(failure: StoreFailure) => void>();
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  const rethrow = (error: unknown): never => {
    if (!db.isOpen) throw new StoreClosed(error);
    const failure = toStoreFailure(error);
    if (failure instanceof StoreFailure) for (const listener of listeners) listener(failure);
    throw failure;
  };
  const translated =
    (method: (...args: unknown[]) => Promise<unknown>) =>
    (...args: unknown[]): Promise<unknown> =>
      method(...args).catch(rethrow);
  async function* translateItemErrors<T>(
    items: AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    try {
      yield* items;
    } catch (error) {
      rethrow(error);
    }
  }
  return {
    translateItemErrors,
    translateErrors: <T extends object>(methods: T): T =>
      Object.fromEntries(
        Object.entries(methods as Methods).map(([name, method]) => [
          name,
          typeof method === 'function' ? translated(method as never) : method,
        ]),
      ) as T,
    // SQLite writes the page although the version does not change.
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

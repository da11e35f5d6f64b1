/**
 * Failures of the medium, told apart from everything else that SQLite may say, and passed on to whoever listens.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreFailure, type StoreFailureReason } from '../../domain/store-failure.ts';
import type { StoreHealth } from '../store.ts';
import { RESULT } from './result-codes.ts';
import { transaction } from './transaction.ts';

const REASONS: ReadonlyMap<number, StoreFailureReason> = new Map([
  [RESULT.busy, 'busy'],
  [RESULT.readOnly, 'read_only'],
  [RESULT.ioError, 'io'],
  [RESULT.corrupt, 'corrupt'],
  [RESULT.full, 'full'],
  [RESULT.cannotOpen, 'io'],
  [RESULT.notADatabase, 'corrupt'],
]);

const asFailure = (error: unknown): unknown => {
  const { errcode } = error as { readonly errcode?: number };
  // The low byte is the primary result code.
  const reason = errcode === undefined ? undefined : REASONS.get(errcode & 0xff);
  return reason === undefined ? error : new StoreFailure(reason, error);
};

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

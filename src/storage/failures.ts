/**
 * Translation of an adapter's errors into `StoreFailure`, around all methods of a store, and the listeners that are notified.
 *
 * @module
 */
import { StoreFailure } from '../domain/store-failure.ts';
import type { StoreHealth } from './store.ts';

type Methods = Readonly<Record<string, unknown>>;

export interface Failures extends Pick<StoreHealth, 'onFailure'> {
  /** Notifies the listeners, and throws the translated error. */
  rethrow(error: unknown): never;
  /** @returns the same items; if the medium fails during iteration, the error is a {@link StoreFailure} */
  translateItemErrors<T>(items: AsyncIterable<T>): AsyncIterable<T>;
  /** @returns the same methods; if the medium fails, they reject with a {@link StoreFailure} */
  translateErrors<T extends object>(methods: T): T;
}

/** @param toStoreFailure converts an error of the medium, and returns any other as it is */
export const createFailures = (toStoreFailure: (error: unknown) => unknown): Failures => {
  const listeners = new Set<(failure: StoreFailure) => void>();
  const rethrow = (error: unknown): never => {
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
    rethrow,
    translateItemErrors,
    translateErrors: <T extends object>(methods: T): T =>
      Object.fromEntries(
        Object.entries(methods as Methods).map(([name, method]) => [
          name,
          typeof method === 'function' ? translated(method as never) : method,
        ]),
      ) as T,
    onFailure: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

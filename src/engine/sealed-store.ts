/**
 * The store of one account until the account is closed: from then on, every method rejects. A request, round or timer
 * that outlives its account can therefore change nothing, whatever it is in the middle of.
 *
 * @module
 */
import type { Store } from '../storage/store.ts';

/** Neither reads nor writes rows. */
const ALWAYS_ALLOWED: ReadonlySet<string | symbol> = new Set(['location', 'onFailure']);

/** @param closed aborted when the account is closed. Its reason is what the methods reject with */
export const sealOnClose = (store: Store, closed: AbortSignal): Store => {
  const refuse = (): Promise<never> => Promise.reject(closed.reason as Error);
  return new Proxy(store, {
    get: (target, name, receiver): unknown =>
      closed.aborted && !ALWAYS_ALLOWED.has(name) ? refuse : Reflect.get(target, name, receiver),
  });
};

/**
 * Event bus of one account, for waits, streams and the terminal.
 *
 * @module
 */
import type { AccountEvent } from './engine.ts';

export interface EventBus {
  /** Call every listener synchronously. */
  emit(event: AccountEvent): void;
  /** @returns a function that ends the subscription */
  subscribe(listener: (event: AccountEvent) => void): () => void;
  /** Check it before building an event: without subscribers there is no need to. */
  readonly hasSubscribers: boolean;
}

export const createEventBus = (): EventBus => {
  const listeners = new Set<(event: AccountEvent) => void>();
  return {
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get hasSubscribers() {
      return listeners.size > 0;
    },
  };
};

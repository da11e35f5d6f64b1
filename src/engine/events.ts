/**
 * What happens in an account, told to whoever listens: waits, streams, the terminal.
 *
 * @module
 */
import type { AccountEvent } from './engine.ts';

export interface EventBus {
  emit(event: AccountEvent): void;
  subscribe(listener: (event: AccountEvent) => void): () => void;
  /** False when nobody listens, so that nothing is built to be told. */
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

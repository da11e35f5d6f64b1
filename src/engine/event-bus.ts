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
  hasSubscribers(): boolean;
}

export const createEventBus = (): EventBus => {
  /** Created on first use: most accounts have no subscriber. */
  let listeners: Set<(event: AccountEvent) => void> | null = null;
  return {
    emit: (event) => {
      for (const listener of listeners ?? []) listener(event);
    },
    subscribe: (listener) => {
      const all = (listeners ??= new Set());
      all.add(listener);
      return () => all.delete(listener);
    },
    hasSubscribers: () => listeners !== null && listeners.size > 0,
  };
};

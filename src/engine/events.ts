/**
 * What happens in an account, told to whoever listens: waits, streams, the terminal.
 *
 * @module
 */
import type { Happening } from './engine.ts';

export interface Bus {
  emit(happening: Happening): void;
  subscribe(listener: (happening: Happening) => void): () => void;
  /** False when nobody listens, so that nothing is built to be told. */
  readonly heard: boolean;
}

export const createBus = (): Bus => {
  const listeners = new Set<(happening: Happening) => void>();
  return {
    emit: (happening) => {
      for (const listener of listeners) listener(happening);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get heard() {
      return listeners.size > 0;
    },
  };
};

/**
 * Data of one view: loaded when it opens, again on events that concern it, with its error.
 *
 * @module
 */
import { signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { AccountEvent } from '../../../schemas/sandbox.ts';
import { onEvents, onReload, stopEvents, stopReload } from './live.ts';
import { client, messageOf } from './session.ts';
import type { Client } from '../../client/create-client.ts';

export interface Resource<T> {
  /** Null until it is loaded. */
  readonly value: T | null;
  readonly error: string | null;
  readonly reload: () => void;
}

const REFRESH_MS = 300;

/**
 * @param read called again whenever `key` changes or `concerns` is true for an event
 * @param key what `read` depends on
 */
export const useResource = <T>(
  read: (api: Client) => Promise<T>,
  key: string,
  concerns: (event: AccountEvent) => boolean = () => false,
): Resource<T> => {
  const state = useMemo(
    (): { value: Signal<T | null>; error: Signal<string | null> } => ({
      value: signal(null),
      error: signal(null),
    }),
    [key],
  );
  const api = client.value;
  const load = async (): Promise<void> => {
    try {
      state.value.value = await read(api);
      state.error.value = null;
    } catch (error) {
      state.error.value = messageOf(error);
    }
  };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void load();
      }, REFRESH_MS);
    };
    const listener = (events: readonly AccountEvent[]): void => {
      if (events.some(concerns)) soon();
    };
    void load();
    onEvents(listener);
    onReload(soon);
    return () => {
      clearTimeout(timer);
      stopEvents(listener);
      stopReload(soon);
    };
  }, [key, api]);
  return { value: state.value.value, error: state.error.value, reload: () => void load() };
};

/**
 * Data of one view: loaded when it opens, again on events that concern it, with its error.
 *
 * @module
 */
import { signal, type Signal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { AccountEvent } from '../../../schemas/sandbox.ts';
import { ApiError } from '../../client/api-error.ts';
import { createLatest, type Latest } from './latest.ts';
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
 * @param refreshMs shortest time between an event and the read: the provider's API has a rate limit
 */
export const useResource = <T>(
  read: (api: Client) => Promise<T>,
  key: string,
  concerns: (event: AccountEvent) => boolean = () => false,
  refreshMs: number = REFRESH_MS,
): Resource<T> => {
  const state = useMemo(
    (): { value: Signal<T | null>; error: Signal<string | null>; latest: Latest } => ({
      value: signal(null),
      error: signal(null),
      latest: createLatest(),
    }),
    [key, client.value],
  );
  const api = client.value;
  const load = (): Promise<void> =>
    state.latest.load(
      () => read(api),
      (value) => {
        state.value.value = value;
        state.error.value = null;
      },
      (error) => {
        const seconds = error instanceof ApiError ? error.retryAfter : null;
        // What is shown is a little old then, which is better than an error in its place.
        if (seconds !== null && state.value.value !== null) later.current(seconds * 1000);
        else state.error.value = messageOf(error);
      },
    );
  const later = useRef((_ms: number): void => undefined);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    later.current = (ms) => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void load();
      }, ms);
      return undefined;
    };
    const soon = (): void => later.current(refreshMs);
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

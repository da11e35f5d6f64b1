/**
 * The account, its client, and what the page tells its reader: connection, notices, the live region.
 *
 * @module
 */
import { computed, signal } from '@preact/signals';
import { ApiError } from '../../client/api-error.ts';
import { createClient, type Client } from '../../client/create-client.ts';
import { storedKey, storeKey } from './stored-key.ts';

export const apiKey = signal(storedKey());

export const useKey = (key: string): void => {
  apiKey.value = key;
  storeKey(key);
};

export const client = computed<Client>(() =>
  createClient({ baseUrl: location.origin, apiKey: apiKey.value }),
);

export type Connection = 'connecting' | 'live' | 'paused' | 'lost' | 'refused';
export const connection = signal<Connection>('connecting');
/** Why the account cannot be read; null if it can. */
export const refusal = signal<string | null>(null);

export interface Notice {
  readonly text: string;
  readonly isError: boolean;
}

export const notice = signal<Notice | null>(null);
/** Text of the live region, for screen readers. */
export const spoken = signal('');

const NOTICE_MS = 6000;
let clearing: ReturnType<typeof setTimeout> | undefined;

/** Show a sentence for a few seconds; errors stay until the next notice. */
export const notify = (text: string, isError = false): void => {
  clearTimeout(clearing);
  notice.value = { text, isError };
  spoken.value = text;
  if (!isError) clearing = setTimeout(() => (notice.value = null), NOTICE_MS);
};

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Names of the actions that run, so that no button starts one twice. */
export const running = signal<ReadonlySet<string>>(new Set());

/**
 * Run a command of the user: marks it as running and shows its error.
 *
 * @returns what the command returned; null if it failed
 */
export const perform = async <T>(name: string, command: () => Promise<T>): Promise<T | null> => {
  if (running.value.has(name)) return null;
  running.value = new Set([...running.value, name]);
  try {
    return await command();
  } catch (error) {
    notify(messageOf(error), true);
    if (error instanceof ApiError && error.code === 'UNAUTHORIZED') {
      connection.value = 'refused';
      refusal.value = error.message;
    }
    return null;
  } finally {
    running.value = new Set([...running.value].filter((one) => one !== name));
  }
};

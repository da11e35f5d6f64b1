/**
 * Registry of the sinks of all accounts, and the token URLs that address them without an API key. See `tokens.ts`.
 *
 * @module
 */
import type { AccountEngine } from '../../engine/engine.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { createSinkMemory } from './memory.ts';
import { createSinkStore, type SinkStore } from './store.ts';
import type { SinkTokens } from './tokens.ts';

interface Entry {
  readonly store: SinkStore;
  /** The account whose resets the sinks follow. One that was closed and opened again is another object. */
  engine: AccountEngine<Simulator> | null;
}

export interface SinkRegistry {
  /** The sinks of an account. They are deleted when the account is reset or closed. */
  store(account: AccountEngine<Simulator>): SinkStore;
  /** `~` and characters of a URL. Valid also after a reset of the account. */
  token(account: AccountEngine<Simulator>): string;
  /** Key hash of the account of the token in a path: null if the path has no token, undefined if the token is unknown. */
  keyHashOf(path: string): string | null | undefined;
}

const TOKEN = /^\/_sandbox\/sinks\/(~[^/]*)/;

/** Redact the token for logs and messages: it grants write access. */
export const withoutToken = (path: string): string => path.replace(TOKEN, '/_sandbox/sinks/~…');

export const createSinkRegistry = (tokens: SinkTokens): SinkRegistry => {
  const entries = new Map<string, Entry>();
  const memory = createSinkMemory();

  const follow = (entry: Entry, engine: AccountEngine<Simulator>): void => {
    entry.engine = engine;
    engine.subscribe((event) => {
      if (event.type === 'account.reset') entry.store.reset();
    });
    const onClosed = (): void => {
      if (entry.engine === engine) entry.engine = null;
      entry.store.reset();
    };
    engine.closed.addEventListener('abort', onClosed, { once: true });
  };

  return {
    store: (engine) => {
      const { keyHash } = engine.account;
      const entry = entries.get(keyHash) ?? { store: createSinkStore(memory), engine: null };
      entries.set(keyHash, entry);
      if (entry.engine !== engine && !engine.closed.aborted) follow(entry, engine);
      return entry.store;
    },
    token: ({ account }) => tokens.of(account.keyHash),
    keyHashOf: (path) => {
      const token = TOKEN.exec(path)?.[1];
      return token === undefined ? null : tokens.keyHashOf(token);
    },
  };
};

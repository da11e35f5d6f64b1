/**
 * Registry of the sinks of all accounts, and the token URLs that address them without an API key. A token is a random path
 * segment. It grants writing to the sinks of one account, and nothing else.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { AccountKey } from '../../domain/delivery.ts';
import type { AccountEngine } from '../../engine/engine.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { createSinkMemory } from './memory.ts';
import { createSinkStore, type SinkStore } from './store.ts';

interface Entry {
  readonly store: SinkStore;
  readonly token: string;
}

export interface SinkRegistry {
  store(account: AccountEngine<Simulator>): SinkStore;
  /** `~` and random characters. Valid until the process ends, also after a reset of the account. */
  token(account: AccountEngine<Simulator>): string;
  /** The account of the token in a path: null if the path has no token, undefined if the token is unknown. */
  accountOf(path: string): AccountEngine<Simulator> | null | undefined;
}

const TOKEN = /^\/_sandbox\/sinks\/(~[^/]*)/;

/** Redact the token for logs and messages: it grants write access. */
export const withoutToken = (path: string): string => path.replace(TOKEN, '/_sandbox/sinks/~…');

export const createSinkRegistry = (): SinkRegistry => {
  const entries = new Map<AccountKey, Entry>();
  const accounts = new Map<string, AccountEngine<Simulator>>();
  const memory = createSinkMemory();
  const entryOf = (engine: AccountEngine<Simulator>): Entry => {
    const existing = entries.get(engine.account.key);
    if (existing !== undefined) return existing;
    const entry = {
      store: createSinkStore(memory),
      token: `~${randomBytes(16).toString('base64url')}`,
    };
    entries.set(engine.account.key, entry);
    accounts.set(entry.token, engine);
    engine.subscribe((event) => {
      if (event.type === 'account.reset') entry.store.reset();
    });
    return entry;
  };
  return {
    store: (account) => entryOf(account).store,
    token: (account) => entryOf(account).token,
    accountOf: (path) => {
      const token = TOKEN.exec(path)?.[1];
      return token === undefined ? null : accounts.get(token);
    },
  };
};

/**
 * Sink registry: the sinks of every account, and the token URLs that lead to them without a key. A token is a random
 * part of the path; whoever has it can write into an account's sinks and do nothing else.
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
  /** `~` and random characters; valid as long as the process runs, across resets of the account. */
  token(account: AccountEngine<Simulator>): string;
  /** The account whose token a path holds; null when the path holds none, undefined when the token is unknown. */
  accountOf(path: string): AccountEngine<Simulator> | null | undefined;
}

const TOKEN = /^\/_sandbox\/sinks\/(~[^/]*)/;

/** A path as logs and messages may show it: whoever knows the token can write. */
export const withoutToken = (path: string): string => path.replace(TOKEN, '/_sandbox/sinks/~…');

export const createSinkRegistry = (): SinkRegistry => {
  const entries = new Map<AccountKey, Entry>();
  const accounts = new Map<string, AccountEngine<Simulator>>();
  const memory = createSinkMemory();
  const entryOf = (engine: AccountEngine<Simulator>): Entry => {
    const known = entries.get(engine.account.key);
    if (known !== undefined) return known;
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

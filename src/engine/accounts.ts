/**
 * The lifecycle of accounts: opened on first use, closed when another node takes them over.
 *
 * An account is *opening*, *open*, *closing* or not here. Concurrent calls share an opening. An account that is being
 * closed is opened again only once that has finished, so no two engines of an account exist at a time. A failed opening
 * is forgotten, so that the next call tries again.
 *
 * @module
 */
import { tooManyAccounts } from '../domain/problems.ts';
import type { OpenAccount } from './account.ts';
import type { AccountListener, CloseAccount } from './engine.ts';
import type { EventSource } from './event-source.ts';

/** Every account uses memory for as long as it is open. */
const MAX_ACCOUNTS = 10_000;

interface Entry<Source extends EventSource> {
  readonly opening: Promise<OpenAccount<Source>>;
  /** Whether a request has named the API key. */
  isNamed: boolean;
}

export interface Accounts<Source extends EventSource> {
  /** @throws {Problem} `ACCOUNT_LIMIT_REACHED` */
  open(keyHash: string): Promise<OpenAccount<Source>>;
  /** As `open`, for a request with this API key, which the listeners learn. */
  openNamed(keyHash: string, apiKey: string): Promise<OpenAccount<Source>>;
  /** Resolves when nothing of the account runs any more. No effect if it is not here. */
  close(keyHash: string, how: CloseAccount): Promise<void>;
  /** The open accounts. */
  readonly all: ReadonlySet<OpenAccount<Source>>;
  onAccount(listener: AccountListener<Source>): void;
  /** Resolves when no account is being opened. */
  settled(): Promise<void>;
}

export const createAccounts = <Source extends EventSource>(
  openNow: (keyHash: string) => Promise<OpenAccount<Source>>,
): Accounts<Source> => {
  const entries = new Map<string, Entry<Source>>();
  const closing = new Map<
    string,
    { readonly entry: Entry<Source>; readonly done: Promise<void> }
  >();
  const all = new Set<OpenAccount<Source>>();
  const listeners: AccountListener<Source>[] = [];

  const announce = ({ engine }: OpenAccount<Source>, apiKey: string | null): void => {
    for (const listener of listeners) listener(engine, apiKey);
  };

  const entryOf = (keyHash: string): Entry<Source> => {
    const known = entries.get(keyHash);
    if (known !== undefined) return known;
    if (entries.size >= MAX_ACCOUNTS) throw tooManyAccounts(MAX_ACCOUNTS);
    const before = closing.get(keyHash)?.done ?? Promise.resolve();
    const opening = before
      .then(() => openNow(keyHash))
      .then((open) => {
        all.add(open);
        announce(open, null);
        return open;
      });
    const entry: Entry<Source> = { opening, isNamed: false };
    entries.set(keyHash, entry);
    opening.catch(() => {
      if (entries.get(keyHash) === entry) entries.delete(keyHash);
    });
    return entry;
  };

  const closeEntry = async ({ opening }: Entry<Source>, how: CloseAccount): Promise<void> => {
    const open = await opening.catch(() => null);
    if (open === null) return;
    await open.close(how);
    all.delete(open);
  };

  return {
    open: async (keyHash) => entryOf(keyHash).opening,
    openNamed: async (keyHash, apiKey) => {
      const entry = entryOf(keyHash);
      const open = await entry.opening;
      if (!entry.isNamed) announce(open, apiKey);
      entry.isNamed = true;
      return open;
    },
    close: (keyHash, how) => {
      const entry = entries.get(keyHash);
      if (entry === undefined) {
        // Ownership may end while the account is being closed gracefully.
        const running = closing.get(keyHash);
        return running === undefined ? Promise.resolve() : closeEntry(running.entry, how);
      }
      entries.delete(keyHash);
      const done = closeEntry(entry, how).finally(() => {
        if (closing.get(keyHash)?.entry === entry) closing.delete(keyHash);
      });
      closing.set(keyHash, { entry, done });
      return done;
    },
    all,
    onAccount: (listener) => {
      listeners.push(listener);
      for (const { engine } of all) listener(engine, null);
    },
    settled: async () => {
      await Promise.allSettled([...entries.values()].map(({ opening }) => opening));
    },
  };
};

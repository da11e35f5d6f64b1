/**
 * Opens, at the start, the accounts that have work. One that cannot be opened ends nobody else's start: it is tried again
 * after pauses that double up to {@link MAX_RETRY_MS}, because nobody may ever ask for it and its deliveries are due. A
 * request of the account tries at once.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { WallClock } from '../clock/port.ts';

/** Pause after the first failure; doubles with each further one. Real milliseconds. */
const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Opener {
  /** Opens one account after the other. */
  openAll(hashes: readonly string[]): Promise<void>;
  /** The account is open, whoever opened it. */
  opened(hash: string): void;
  /** Accounts with work that could not be opened so far. */
  unopened(): number;
  stop(): void;
}

/** The start of the hash is enough to tell accounts apart. */
const nameOf = (hash: string): string => hash.slice(0, 12);

/** @param open rejects when the account cannot be opened */
export const createOpener = (open: (hash: string) => Promise<unknown>, wall: WallClock): Opener => {
  const failing = new Set<string>();
  let retryMs = MIN_RETRY_MS;
  let stopped = false;
  let cancel = (): void => undefined;

  const attempt = async (hash: string): Promise<void> => {
    try {
      await open(hash);
    } catch (error) {
      // Once per account: what goes on failing is a figure of /metrics.
      if (failing.has(hash)) return;
      failing.add(hash);
      logger.error(
        'Account {account} cannot be opened, so nothing of it runs. Other accounts run; it is tried again, at least every {seconds} s. The cause: {error}',
        { account: nameOf(hash), seconds: MAX_RETRY_MS / 1000, error },
      );
    }
  };

  const openAll = async (hashes: readonly string[]): Promise<void> => {
    for (const hash of hashes) {
      if (!stopped) await attempt(hash);
    }
    if (failing.size === 0 || stopped) return;
    cancel = wall.after(retryMs, () => void openAll([...failing]));
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  };

  return {
    openAll,
    opened: (hash) => {
      if (failing.delete(hash))
        logger.warn('Account {account} is open now and goes on', { account: nameOf(hash) });
    },
    unopened: () => failing.size,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
};

/**
 * Opens accounts with pending work: at startup, and when they are taken over. An account that cannot be opened does not stop the others: it is retried
 * with exponential backoff up to {@link MAX_RETRY_MS}, because its deliveries are due even if no request opens it. A
 * request of the account retries at once.
 *
 * @module
 */
import { getLogger } from '@logtape/logtape';
import type { WallClock } from '../clock/port.ts';
import { LeaseLost } from '../domain/lease-lost.ts';

/** Pause after the first failure; doubles with each further one. Real milliseconds. */
const MIN_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

const logger = getLogger(['sendemall-mock', 'engine']);

export interface Opener {
  /** Open the accounts one after the other. Never rejects. */
  openAll(hashes: readonly string[]): Promise<void>;
  /** Note that the account is open, whether opened here or by a request. */
  opened(hash: string): void;
  /** Note that the account need not be opened any more. */
  forget(hash: string): void;
  /** Number of accounts with pending work that could not be opened yet. */
  unopened(): number;
  stop(): void;
}

/** A prefix of the hash, enough to identify the account. */
const nameOf = (hash: string): string => hash.slice(0, 12);

/** @param open rejects if the account cannot be opened */
export const createOpener = (open: (hash: string) => Promise<unknown>, wall: WallClock): Opener => {
  const failing = new Set<string>();
  let retryMs = MIN_RETRY_MS;
  let stopped = false;
  let isScheduled = false;
  let cancel = (): void => undefined;

  const attempt = async (hash: string): Promise<void> => {
    try {
      await open(hash);
    } catch (error) {
      // Another node has it.
      if (error instanceof LeaseLost) return;
      // Log once per account; /metrics counts the accounts that keep failing.
      if (failing.has(hash)) return;
      failing.add(hash);
      logger.error(
        'Cannot open account {account}, so its deliveries are suspended. Other accounts are not affected. Retrying at least every {seconds} s. Cause: {error}',
        { account: nameOf(hash), seconds: MAX_RETRY_MS / 1000, error },
      );
    }
  };

  const schedule = (): void => {
    if (failing.size === 0) retryMs = MIN_RETRY_MS;
    if (failing.size === 0 || isScheduled || stopped) return;
    isScheduled = true;
    cancel = wall.after(retryMs, () => {
      isScheduled = false;
      void openAll([...failing]);
    });
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  };
  const openAll = async (hashes: readonly string[]): Promise<void> => {
    for (const hash of hashes) {
      if (!stopped) await attempt(hash);
    }
    schedule();
  };

  return {
    openAll,
    opened: (hash) => {
      if (failing.delete(hash))
        logger.warn('Account {account} is open again', { account: nameOf(hash) });
    },
    forget: (hash) => void failing.delete(hash),
    unopened: () => failing.size,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
};

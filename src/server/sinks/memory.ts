/**
 * Memory accounting of all sinks: what each account holds, and whose oldest request goes when a limit is reached.
 *
 * Requests are evicted: within an account the oldest first, and when all accounts together hold too much, those of the
 * account that holds most, so that a flood costs its own account and no other. Settings are never evicted; what would
 * take them over their limit is refused. Everything that is kept is text, so its size is known: see {@link bytesOf}.
 *
 * @module
 */
import { LIMITS } from '../../../schemas/contract.ts';
import { busy } from '../../domain/problems.ts';

const {
  maxSinkBytesPerAccount: MAX_ACCOUNT_BYTES,
  maxSinkBytesInAll: MAX_BYTES,
  maxSinkSettingBytesPerAccount: MAX_ACCOUNT_SETTING_BYTES,
} = LIMITS;
/** Settings may take half, so that there is always room for requests. */
const MAX_SETTING_BYTES = MAX_BYTES / 2;
/** Evictions between two looks for the account that holds most. */
const BATCH = 64;

const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/;

/** What V8 takes for the characters of a flat string: one byte each, or two when one of them is beyond Latin-1. */
export const bytesOf = (text: string): number =>
  BEYOND_LATIN_1.test(text) ? text.length * 2 : text.length;

/** The same text in memory of its own: a part of a longer string would keep the whole of it. */
export const flat = (text: string): string => Buffer.from(text).toString();

export interface MemoryShare {
  /** Counts a request; evicts until the limits hold. */
  addRequest(bytes: number): void;
  /** Uncounts requests that are gone for another reason than eviction. */
  removeRequests(bytes: number): void;
  /** @throws {Problem} `BUSY` when the settings would take more than they may */
  changeSettings(bytes: number): void;
}

export interface SinkMemory {
  /** @param evictOldest drops the account's oldest request and gives its size; 0 when it has none */
  open(evictOldest: () => number): MemoryShare;
}

interface Holder {
  requests: number;
  settings: number;
  readonly evictOldest: () => number;
}

export const createSinkMemory = (): SinkMemory => {
  const holders: Holder[] = [];
  let requests = 0;
  let settings = 0;

  const evict = (holder: Holder): boolean => {
    const freed = holder.evictOldest();
    holder.requests -= freed;
    requests -= freed;
    return freed > 0;
  };
  const makeRoom = (): void => {
    while (requests + settings > MAX_BYTES) {
      const largest = holders.reduce((most, one) => (one.requests > most.requests ? one : most));
      for (let count = 0; count < BATCH && requests + settings > MAX_BYTES; count += 1) {
        if (!evict(largest)) return;
      }
    }
  };

  return {
    open: (evictOldest) => {
      const own: Holder = { requests: 0, settings: 0, evictOldest };
      holders.push(own);
      return {
        addRequest: (bytes) => {
          own.requests += bytes;
          requests += bytes;
          while (own.requests + own.settings > MAX_ACCOUNT_BYTES && evict(own));
          makeRoom();
        },
        removeRequests: (bytes) => {
          own.requests -= bytes;
          requests -= bytes;
        },
        changeSettings: (bytes) => {
          if (bytes > 0 && own.settings + bytes > MAX_ACCOUNT_SETTING_BYTES) {
            throw busy(
              `The answers of this account's sinks would take ${own.settings + bytes} bytes, over the ${MAX_ACCOUNT_SETTING_BYTES} that they may. Set shorter bodies, or POST /_sandbox/reset.`,
            );
          }
          if (bytes > 0 && settings + bytes > MAX_SETTING_BYTES) {
            throw busy(
              `The sinks of all accounts take ${settings} bytes for their settings, and may take ${MAX_SETTING_BYTES}. POST /_sandbox/reset for accounts that are done, or restart the sandbox.`,
            );
          }
          own.settings += bytes;
          settings += bytes;
          makeRoom();
        },
      };
    },
  };
};

/**
 * Memory accounting of all sinks, and eviction when a limit is reached.
 *
 * Requests are evicted oldest first within an account. If all accounts together exceed the limit, the account that uses
 * most is evicted from, so that a flood affects no other account. Settings are never evicted; a change that would exceed
 * their limit is rejected. Everything is stored as text, so its size is known: see {@link bytesOf}.
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
/** Half of the memory, so that there is always room for requests. */
const MAX_SETTING_BYTES = MAX_BYTES / 2;
/** Evictions before looking again for the account that uses most. */
const BATCH = 64;

const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/;

/** Bytes that V8 uses for the characters of a flat string: one each, or two if any is beyond Latin-1. */
export const bytesOf = (text: string): number =>
  BEYOND_LATIN_1.test(text) ? text.length * 2 : text.length;

/** Copy a text: a substring would retain the whole string it was sliced from. */
export const flat = (text: string): string => Buffer.from(text).toString();

export interface MemoryShare {
  /** Account for a new request, and evict until all limits hold. */
  addRequest(bytes: number): void;
  /** Release the memory of requests that were removed by other means than eviction. */
  removeRequests(bytes: number): void;
  /**
   * Account for a change of settings.
   *
   * @param bytes added, or removed if negative
   * @throws {Problem} `BUSY` if a limit would be exceeded
   */
  changeSettings(bytes: number): void;
}

export interface SinkMemory {
  /**
   * Open the share of an account.
   *
   * @param evictOldest removes the account's oldest request and returns its size in bytes; 0 if it has none
   */
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
              `The responses of this account's sinks would take ${own.settings + bytes} bytes, over the limit of ${MAX_ACCOUNT_SETTING_BYTES}. Set shorter bodies, or POST /_sandbox/reset.`,
            );
          }
          if (bytes > 0 && settings + bytes > MAX_SETTING_BYTES) {
            throw busy(
              `The settings of all sinks take ${settings} bytes of ${MAX_SETTING_BYTES}. POST /_sandbox/reset for accounts that are no longer used, or restart the sandbox.`,
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

/**
 * The provider's limits: so many requests, and so many new campaigns, of a key in any minute of real time. A client is
 * as fast as it is, whatever the account's clock shows.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono';
import { LIMITS } from '../../schemas/contract.ts';
import type { SystemClock } from '../clock/port.ts';
import { rateLimitExceeded } from '../domain/problems.ts';
import type { Ctx, Env } from './context.ts';

const MINUTE = 60_000;

export interface RateLimits {
  /** Counts a request to the provider's API, and refuses one too many. */
  readonly middleware: MiddlewareHandler<Env>;
  /** Counts a new campaign, and refuses one too many. */
  checkCreation(c: Ctx): void;
}

/**
 * Counts what an account does, and refuses one too many in any minute; what is refused does not count.
 *
 * @param now monotonic milliseconds
 * @returns what counts one
 */
export const createWindow = (
  limit: number,
  what: string,
  now: () => number,
): ((account: number) => void) => {
  const counted = new Map<number, number[]>();
  return (account) => {
    const at = now();
    const times = (counted.get(account) ?? []).filter((one) => one > at - MINUTE);
    counted.set(account, times);
    const [oldest] = times;
    if (times.length >= limit && oldest !== undefined) {
      throw rateLimitExceeded(limit, what, Math.max(1, Math.ceil((oldest + MINUTE - at) / 1000)));
    }
    times.push(at);
  };
};

const accountOf = (c: Ctx): number => c.get('account').account.key;

const UNLIMITED: RateLimits = {
  middleware: (_c, next) => next(),
  checkCreation: () => undefined,
};

/** @param on false answers however many come */
export const createRateLimits = (on: boolean, wall: SystemClock): RateLimits => {
  if (!on) return UNLIMITED;
  const count = createWindow(LIMITS.requestsPerMinute, 'requests', wall.monotonic);
  const created = createWindow(LIMITS.campaignsPerMinute, 'campaigns', wall.monotonic);
  return {
    middleware: async (c, next) => {
      count(accountOf(c));
      await next();
    },
    checkCreation: (c) => created(accountOf(c)),
  };
};

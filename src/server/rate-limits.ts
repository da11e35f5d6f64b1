/**
 * The provider's rate limits on requests and new campaigns per key and minute. Minutes are real time: the account's
 * virtual clock does not change how fast a client sends.
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
  /** Rate-limits requests to the provider's API. */
  readonly middleware: MiddlewareHandler<Env>;
  /** Count a new campaign. @throws {Problem} over the limit */
  checkCreation(c: Ctx): void;
}

/**
 * Create a sliding-window counter per account. A rejected call does not count.
 *
 * @param limit per minute
 * @param what plural noun for messages: `requests`
 * @param now monotonic milliseconds
 * @returns a function that counts one call and throws a {@link Problem} over the limit
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

/** @param on false disables all limits */
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

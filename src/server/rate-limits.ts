/**
 * The provider's limits: so many requests, and so many new campaigns, of a key in any minute of real time. A client is
 * as fast as it is, whatever the account's clock shows.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono';
import { LIMITS } from '../../schemas/contract.ts';
import type { WallClock } from '../clock/port.ts';
import { rateLimitExceeded } from '../domain/problems.ts';
import type { Ctx, Env } from './context.ts';

const MINUTE = 60_000;

export interface RateLimits {
  /** Counts a request to the provider's API, and refuses one too many. */
  readonly middleware: MiddlewareHandler<Env>;
  /** Counts a new campaign, and refuses one too many. */
  checkCreation(c: Ctx): void;
}

/** The times of the last minute, by account; one that is refused does not count. */
const createCounter = (limit: number, what: string, wall: WallClock): ((c: Ctx) => void) => {
  const counted = new Map<number, number[]>();
  return (c) => {
    const { key } = c.get('account').account;
    const now = wall.now();
    const times = (counted.get(key) ?? []).filter((at) => at > now - MINUTE);
    counted.set(key, times);
    const [oldest] = times;
    if (times.length >= limit && oldest !== undefined) {
      throw rateLimitExceeded(limit, what, Math.max(1, Math.ceil((oldest + MINUTE - now) / 1000)));
    }
    times.push(now);
  };
};

const UNLIMITED: RateLimits = {
  middleware: (_c, next) => next(),
  checkCreation: () => undefined,
};

/** @param on false answers however many come */
export const createRateLimits = (on: boolean, wall: WallClock): RateLimits => {
  if (!on) return UNLIMITED;
  const count = createCounter(LIMITS.requestsPerMinute, 'requests', wall);
  const checkCreation = createCounter(LIMITS.campaignsPerMinute, 'campaigns', wall);
  return {
    middleware: async (c, next) => {
      count(c);
      await next();
    },
    checkCreation,
  };
};

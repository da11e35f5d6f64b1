/**
 * Estimate of the remaining duration of a run, from the response times so far.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';

/** Sequential requests of an average check; measured with receivers that respond after 3 s and 8 s. */
const SEQUENTIAL_REQUESTS = 5;
/** Only recent responses count, because a receiver can slow down. */
const SAMPLES = 20;

export interface Pace {
  seen(exchange: Exchange): void;
  /** Average response time; 0 before the first response. */
  averageMs(): number;
  /** Estimated duration of a number of checks. */
  estimateMs(checks: number): number;
}

export const createPace = (): Pace => {
  const durations: number[] = [];
  const averageMs = (): number =>
    durations.reduce((sum, ms) => sum + ms, 0) / Math.max(1, durations.length);
  return {
    seen: ({ reply }) => {
      durations.push(reply.durationMs);
      if (durations.length > SAMPLES) durations.shift();
    },
    averageMs,
    estimateMs: (checks) => averageMs() * SEQUENTIAL_REQUESTS * checks,
  };
};

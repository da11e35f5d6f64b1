/**
 * An estimate of how long the rest of a run takes, from how long the receiver has taken to answer so far.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';

/** Requests of an average check that wait for one another; measured with receivers that answer after 3 s and 8 s. */
const REQUESTS_IN_A_ROW = 5;
/** The latest ones tell more than those before a receiver slowed down. */
const SAMPLES = 20;

export interface Pace {
  seen(exchange: Exchange): void;
  /** Milliseconds that an answer takes, on average; 0 before the first. */
  averageMs(): number;
  /** Milliseconds that so many checks will take. */
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
    estimateMs: (checks) => averageMs() * REQUESTS_IN_A_ROW * checks,
  };
};

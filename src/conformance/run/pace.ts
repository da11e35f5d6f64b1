/**
 * Estimate of the remaining duration of a run, from the response times so far.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import { isAccepted } from '../verdict.ts';

/** Sequential requests of an average check; measured with receivers that respond after 3 s and 8 s. */
const SEQUENTIAL_REQUESTS = 5;
/** Measured in slow mode. */
const SIDE_BY_SIDE = 12;
/** Only recent responses count, because a receiver can slow down. */
const SAMPLES = 20;
/** The first responses of a receiver take longer. */
const MIN_SAMPLES = 8;

export interface Pace {
  seen(exchange: Exchange): void;
  /** Whether the receiver is so slow that requests should run side by side. */
  isSlow(): boolean;
  /** Whether requests in sequence take so long that some should run side by side. */
  isLeisurely(): boolean;
  /** Median response time of the latest accepted requests; 0 before the first. */
  acceptedMs(): number;
  /** Average response time; 0 before the first response. */
  averageMs(): number;
  /** Estimated duration of a number of checks. @param isSideBySide whether most of them run at the same time */
  estimateMs(checks: number, isSideBySide?: boolean): number;
}

/** From here on, sequential requests take most of a run. */
const SLOW_MS = 700;
/** From here on, a run of requests in sequence takes longer than anybody waits for. */
const LEISURELY_MS = 50;

const medianOf = (durations: readonly number[]): number =>
  durations.toSorted((one, other) => one - other)[Math.floor(durations.length / 2)] ?? 0;

export const createPace = (): Pace => {
  const durations: number[] = [];
  const accepted: number[] = [];
  const averageMs = (): number =>
    durations.reduce((sum, ms) => sum + ms, 0) / Math.max(1, durations.length);
  return {
    seen: (exchange) => {
      const { durationMs } = exchange.reply;
      for (const latest of isAccepted(exchange) ? [durations, accepted] : [durations]) {
        latest.push(durationMs);
        if (latest.length > SAMPLES) latest.shift();
      }
    },
    averageMs,
    acceptedMs: () => medianOf(accepted),
    isLeisurely: () => accepted.length >= MIN_SAMPLES && medianOf(accepted) > LEISURELY_MS,
    isSlow: () => durations.length > 0 && medianOf(durations) > SLOW_MS,
    estimateMs: (checks, isSideBySide = false) =>
      (averageMs() * SEQUENTIAL_REQUESTS * checks) / (isSideBySide ? SIDE_BY_SIDE : 1),
  };
};

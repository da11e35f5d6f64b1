/**
 * Receivers whose responses on a reused connection wait for a delayed acknowledgement.
 *
 * Many simple servers send the head and the body of a response as two packets. Nagle's algorithm holds the second one back
 * until the first one is acknowledged, which the client's system does after 40 ms (Linux) to 200 ms (Windows), though at once
 * on a fresh connection. A run of a thousand requests would wait for a minute, so once it is seen, every request gets a
 * connection of its own. Checks that are about a kept connection open it themselves.
 *
 * @module
 */

export interface DelayedAnswers {
  /** Note how long a response took. @param isReused whether the connection had served before */
  note(origin: string, isReused: boolean, durationMs: number): void;
  /** Whether connections to this origin are not worth keeping. */
  has(origin: string): boolean;
}

interface Seen {
  /** Shortest time of a response on a fresh connection. */
  freshMs: number;
  /** Consecutive delayed responses on reused connections. */
  delayed: number;
}

/** Shortest delay of an acknowledgement, less what a timer is early. */
const MIN_DELAY_MS = 35;
/** Consecutive delayed responses that are no coincidence. */
const MIN_DELAYED = 4;

export const createDelayedAnswers = (): DelayedAnswers => {
  const origins = new Map<string, Seen>();
  return {
    note: (origin, isReused, durationMs) => {
      const seen = origins.get(origin) ?? { freshMs: Infinity, delayed: 0 };
      origins.set(origin, seen);
      if (!isReused) seen.freshMs = Math.min(seen.freshMs, durationMs);
      else if (seen.delayed < MIN_DELAYED) {
        seen.delayed = durationMs > seen.freshMs + MIN_DELAY_MS ? seen.delayed + 1 : 0;
      }
    },
    has: (origin) => (origins.get(origin)?.delayed ?? 0) >= MIN_DELAYED,
  };
};

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
  /** Note a response, when it has arrived. */
  note(origin: string, response: TimedResponse): void;
  /** Whether connections to this origin are not worth keeping. */
  has(origin: string): boolean;
}

export interface TimedResponse {
  /** Whether the connection had served before. */
  readonly isReused: boolean;
  /** By one clock, in milliseconds. */
  readonly sentAt: number;
  readonly arrivedAt: number;
  /** With fractions. */
  readonly durationMs: number;
}

interface Seen {
  /** Shortest time of a response on a fresh connection. */
  freshMs: number;
  /** Consecutive delayed responses on reused connections, each sent after the one before had arrived. */
  delayed: number;
  /** When the last of them arrived. */
  delayedAt: number;
}

/** Shortest delay of an acknowledgement, less what a timer is early. */
const MIN_DELAY_MS = 35;
/** Consecutive delayed responses that are no coincidence. */
const MIN_DELAYED = 4;

export const createDelayedAnswers = (): DelayedAnswers => {
  const origins = new Map<string, Seen>();
  return {
    note: (origin, { isReused, sentAt, arrivedAt, durationMs }) => {
      const seen = origins.get(origin) ?? { freshMs: Infinity, delayed: 0, delayedAt: -Infinity };
      origins.set(origin, seen);
      if (!isReused) {
        seen.freshMs = Math.min(seen.freshMs, durationMs);
        return;
      }
      if (seen.delayed >= MIN_DELAYED) return;
      if (durationMs <= seen.freshMs + MIN_DELAY_MS) seen.delayed = 0;
      // Concurrent requests wait for each other, which is one delay for all of them.
      else if (sentAt >= seen.delayedAt) {
        seen.delayed += 1;
        seen.delayedAt = arrivedAt;
      }
    },
    has: (origin) => (origins.get(origin)?.delayed ?? 0) >= MIN_DELAYED,
  };
};

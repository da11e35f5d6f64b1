/**
 * How long the receiver needs from its answer to the effect of an event, as far as the run has seen: a second effect is
 * waited for as long as the receiver is known to need, and no longer.
 *
 * @module
 */

export interface EffectLatency {
  /** Note the time from the answer to an accepted event, with nothing waiting before it, to its effect. */
  seen(ms: number): void;
  /** The longest of the latest; null before the first. */
  longestMs(): number | null;
}

/** A receiver that has become faster is not held to what it needed while it was busy. */
const MAX_SEEN = 12;

export const createEffectLatency = (): EffectLatency => {
  const latest: number[] = [];
  return {
    seen: (ms) => {
      latest.push(ms);
      if (latest.length > MAX_SEEN) latest.shift();
    },
    longestMs: () => (latest.length === 0 ? null : Math.max(...latest)),
  };
};

/**
 * How long the receiver needs from its answer to the effect of an event, as far as the run has seen: a second effect is
 * waited for as long as the receiver is known to need, and no longer.
 *
 * @module
 */

export interface EffectLatency {
  /** Note the time from the answer to an accepted event, with nothing waiting before it, to its effect. */
  seen(ms: number): void;
  /** Note that an effect was waited for, whatever was before it. */
  waited(ms: number): void;
  /** The longest of the latest; null before the first. */
  longestMs(): number | null;
  /** The shortest of all, so that of a single event; 0 before the first. */
  shortestMs(): number;
}

/** A receiver that has become faster is not held to what it needed while it was busy. */
const MAX_SEEN = 12;

export const createEffectLatency = (): EffectLatency => {
  const latest: number[] = [];
  let shortest = Infinity;
  const waited = (ms: number): void => {
    shortest = Math.min(shortest, ms);
  };
  return {
    waited,
    seen: (ms) => {
      waited(ms);
      latest.push(ms);
      if (latest.length > MAX_SEEN) latest.shift();
    },
    shortestMs: () => (shortest === Infinity ? 0 : shortest),
    longestMs: () => (latest.length === 0 ? null : Math.max(...latest)),
  };
};

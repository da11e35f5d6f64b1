/**
 * Real time.
 *
 * @module
 */
import type { WallClock } from './port.ts';

/** The longest wait that a Node timer can hold; a longer one wakes early and is asked for again. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: WallClock = {
  now: () => Date.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/**
 * The system clock.
 *
 * @module
 */
import type { SystemClock, WallClock } from './port.ts';

/** The longest delay that a Node timer supports. A longer one fires early, and the caller waits again. */
const MAX_TIMER_MS = 2_147_483_647;

/** If the date and the monotonic clock differ by more than this many milliseconds between two readings, the date was changed. */
const STEP_MS = 1000;

/** A date that never goes back. For changes of the system date see {@link SystemClock}. */
const createDate = (): (() => number) => {
  let date = Date.now();
  let at = performance.now();
  /** Milliseconds by which the system date was set back. */
  let behind = 0;
  let shown = date;
  return () => {
    const newDate = Date.now();
    const newAt = performance.now();
    const lost = newAt - at - (newDate - date);
    if (Math.abs(lost) > STEP_MS) behind = Math.max(0, behind + lost);
    date = newDate;
    at = newAt;
    shown = Math.max(shown, Math.round(date + behind));
    return shown;
  };
};

export const systemClock: SystemClock = {
  now: createDate(),
  monotonic: () => performance.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** A clock for timestamps and durations of one run: starts at the current date and follows the monotonic clock. */
export const startSteadyClock = (): WallClock => {
  const started = Date.now();
  const at = performance.now();
  return { ...systemClock, now: () => Math.round(started + performance.now() - at) };
};

/**
 * Real time.
 *
 * @module
 */
import type { SystemClock, WallClock } from './port.ts';

/** The longest wait that a Node timer can hold; a longer one wakes early and is asked for again. */
const MAX_TIMER_MS = 2_147_483_647;

/** The date and the monotonic clock drift apart by less than this between two readings, unless the date was set. */
const STEP_MS = 1000;

/** The system's date, which never goes back: see {@link SystemClock} for what a step of it does. */
const createDate = (): (() => number) => {
  let date = Date.now();
  let at = performance.now();
  /** How far the system's date is behind, because it was set back. */
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

/** A date for a run of minutes: the one of now, counted on by the monotonic clock. For timestamps and durations. */
export const startSteadyClock = (): WallClock => {
  const started = Date.now();
  const at = performance.now();
  return { ...systemClock, now: () => Math.round(started + performance.now() - at) };
};

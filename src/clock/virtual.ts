/**
 * Virtual time as pure functions of a {@link ClockState} and the real time. Nothing here sleeps.
 *
 * A clock is a line: from the anchor (`anchorWall`, `anchorVirtual`), virtual time grows `rate` milliseconds per real one.
 * Every change of mode or time sets a new anchor, so a clock never jumps by changing its mode.
 *
 * @module
 */
import type { ClockMode, ClockPlan, ClockState } from './port.ts';
import type { ClockSetting } from './setting.ts';

/** Virtual milliseconds per real one. For `scaled` the user chooses the rate. */
const RATES: Readonly<Record<Exclude<ClockMode, 'scaled'>, number>> = {
  realtime: 1,
  frozen: 0,
  skip: 0,
};

/** Virtual time at the real time `wall`, in whole milliseconds. */
export const virtualNow = (clock: ClockState, wall: number): number =>
  Math.floor(clock.anchorVirtual + (wall - clock.anchorWall) * clock.rate);

/** The same clock, set to `virtual` at the real time `wall`. */
export const movedTo = (clock: ClockState, virtual: number, wall: number): ClockState => ({
  ...clock,
  anchorVirtual: virtual,
  anchorWall: wall,
});

/** The same clock in another mode, continuing from its current time. */
export const inMode = (
  clock: ClockState,
  mode: ClockMode,
  rate: number | undefined,
  wall: number,
): ClockState => ({
  mode,
  rate: mode === 'scaled' ? (rate ?? 1) : RATES[mode],
  anchorVirtual: virtualNow(clock, wall),
  anchorWall: wall,
});

/** A new clock that shows `virtual` at the real time `wall`. */
export const startClock = (
  { mode, rate }: ClockSetting,
  virtual: number,
  wall: number,
): ClockState =>
  inMode({ mode, rate: 0, anchorVirtual: virtual, anchorWall: wall }, mode, rate, wall);

/** How the clock, which shows `now`, gets to the virtual time `at`. */
export const planFor = ({ mode, rate }: ClockState, at: number, now: number): ClockPlan => {
  if (at <= now) return 'now';
  if (mode === 'skip') return 'jump';
  return { sleepMs: rate === 0 ? Infinity : (at - now) / rate };
};

/** Whether an attempt takes as long on this clock as it really takes. Otherwise only a timeout takes time. */
export const measuresAttempts = ({ mode }: ClockState): boolean => mode === 'realtime';

/**
 * On a scaled clock, an attempt that starts at most this many real milliseconds late is stamped with its due time:
 * real time paces the simulation but does not measure it.
 */
const PACING_SLACK_MS = 50;

/** The start time to record for an attempt that was due at `dueAt` and is sent at `now`, both on this clock. */
export const startTimeOf = ({ mode, rate }: ClockState, dueAt: number, now: number): number =>
  mode === 'scaled' && (now - dueAt) / rate <= PACING_SLACK_MS ? dueAt : now;

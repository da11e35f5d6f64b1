/**
 * Virtual time as pure functions of a {@link ClockState} and the real time. Nothing here sleeps.
 *
 * A clock is a line: from the anchor (`anchorWall`, `anchorVirtual`), virtual time grows `rate` milliseconds per real one.
 * Every change of mode or time sets a new anchor, so a clock never jumps by changing its mode.
 *
 * @module
 */
import type { ClockMode, ClockState } from './port.ts';

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

/** Real milliseconds until the clock reaches `virtual`; null if it does not run. */
export const wallDelayUntil = (clock: ClockState, virtual: number, wall: number): number | null =>
  clock.rate === 0 ? null : Math.max(0, (virtual - virtualNow(clock, wall)) / clock.rate);

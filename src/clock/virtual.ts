/**
 * Virtual time as pure functions of a {@link ClockState} and the real time. Nothing here sleeps.
 *
 * @module
 */
import type { ClockMode, ClockState } from './port.ts';

/** Virtual milliseconds per real one; `scaled` has a rate of its own. */
const RATES: Readonly<Record<Exclude<ClockMode, 'scaled'>, number>> = {
  realtime: 1,
  frozen: 0,
  skip: 0,
};

/** Virtual time at the real time `wall`, in whole milliseconds. */
export const virtualNow = (clock: ClockState, wall: number): number =>
  Math.floor(clock.anchorVirtual + (wall - clock.anchorWall) * clock.rate);

/** A clock that shows `virtual` at the real time `wall` and goes on from there as before. */
export const movedTo = (clock: ClockState, virtual: number, wall: number): ClockState => ({
  ...clock,
  anchorVirtual: virtual,
  anchorWall: wall,
});

/** A clock that goes on in another mode from the time that it shows now. */
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

/** Real milliseconds until the clock shows `virtual`; null when it never will by itself. */
export const wallDelayUntil = (clock: ClockState, virtual: number, wall: number): number | null =>
  clock.rate === 0 ? null : Math.max(0, (virtual - virtualNow(clock, wall)) / clock.rate);

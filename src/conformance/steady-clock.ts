/**
 * Real time that no correction of the system's clock moves: it counts on from the time at which the process started.
 *
 * @module
 */
import type { WallClock } from '../clock/port.ts';
import { stopwatch } from './stopwatch.ts';

/** @param wall read once, for the start */
export const createSteadyClock = (wall: WallClock): WallClock => {
  const started = wall.now();
  const elapsed = stopwatch();
  return { now: () => started + Math.floor(elapsed()), after: wall.after };
};

/**
 * Planned attempts as marks on the scrubber.
 *
 * @module
 */
import { plannedTimes } from '../../deliveries/planned-times.ts';
import type { Delivery } from '../../../schemas/sandbox.ts';

export interface Mark {
  /** Virtual time in milliseconds. */
  readonly at: number;
  /** Number of attempts that are due at about this time. */
  readonly count: number;
  /** Position, 0 to 1. */
  readonly x: number;
}

/** Marks nearer than this are one. */
const RESOLUTION = 0.012;
const MIN_SPAN_MS = 60_000;

/** From now to a little after the last attempt that is planned. */
export const horizonOf = (rows: readonly Delivery[], now: number): number => {
  let last = now;
  for (const delivery of rows) last = Math.max(last, plannedTimes(delivery).at(-1) ?? now);
  return now + Math.max((last - now) * 1.08, MIN_SPAN_MS);
};

/** Short waits are drawn wider than long ones: 30 seconds and 30 minutes fit on one scrubber. */
export const positionOf = (at: number, now: number, horizon: number): number =>
  Math.sqrt(Math.min(Math.max(at - now, 0) / (horizon - now), 1));

/** The inverse of {@link positionOf}. */
export const timeAt = (x: number, now: number, horizon: number): number =>
  now + x * x * (horizon - now);

export const marksOf = (
  rows: readonly Delivery[],
  now: number,
  horizon: number,
): readonly Mark[] => {
  const due = rows.flatMap(plannedTimes).toSorted((a, b) => a - b);
  const marks: Mark[] = [];
  for (const at of due) {
    const x = positionOf(at, now, horizon);
    const last = marks.at(-1);
    if (last !== undefined && x - last.x < RESOLUTION)
      marks[marks.length - 1] = { ...last, count: last.count + 1 };
    else marks.push({ at, count: 1, x });
  }
  return marks;
};

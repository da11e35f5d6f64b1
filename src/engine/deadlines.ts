/**
 * One timer for all attempts in flight: they share one limit, so the oldest is always the next to expire.
 *
 * @module
 */
import type { WallClock } from '../clock/port.ts';

export interface Expiring {
  readonly startedWall: number;
  expire(): void;
}

export interface Deadlines {
  add(item: Expiring): void;
  remove(item: Expiring): void;
}

export const createDeadlines = (wall: WallClock, limitMs: number): Deadlines => {
  // A Set keeps the order of insertion, so its first member is the oldest.
  const items = new Set<Expiring>();
  let armed: (() => void) | null = null;

  const check = (): void => {
    armed = null;
    const now = wall.now();
    for (const item of items) {
      const left = item.startedWall + limitMs - now;
      if (left > 0) {
        armed = wall.after(left, check);
        return;
      }
      items.delete(item);
      item.expire();
    }
  };

  return {
    add: (item) => {
      items.add(item);
      armed ??= wall.after(limitMs, check);
    },
    remove: (item) => {
      items.delete(item);
      if (items.size === 0 && armed !== null) {
        armed();
        armed = null;
      }
    },
  };
};

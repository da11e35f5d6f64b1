/**
 * One timer for all attempts in flight: they share one limit, so the oldest is always the next to expire.
 *
 * A linked list on purpose. A `Set` that items pour through leaves a chain of outgrown tables behind, each of which
 * keeps what was in it from being collected young: that cost a third of all processor time.
 *
 * @module
 */
import type { WallClock } from '../clock/port.ts';

export interface Expiring {
  readonly startedWall: number;
  /** Neighbours in the list; its own business. */
  older: Expiring | null;
  younger: Expiring | null;
  expire(): void;
}

export interface Deadlines {
  add(item: Expiring): void;
  /** Must be in the list. */
  remove(item: Expiring): void;
}

export const createDeadlines = (wall: WallClock, limitMs: number): Deadlines => {
  let oldest: Expiring | null = null;
  let youngest: Expiring | null = null;
  let armed: (() => void) | null = null;

  const remove = (item: Expiring): void => {
    const { older, younger } = item;
    if (older === null) oldest = younger;
    else older.younger = younger;
    if (younger === null) youngest = older;
    else younger.older = older;
    item.older = null;
    item.younger = null;
  };

  const check = (): void => {
    armed = null;
    const now = wall.now();
    while (oldest !== null) {
      const left = oldest.startedWall + limitMs - now;
      if (left > 0) {
        armed = wall.after(left, check);
        return;
      }
      // Ends the attempt, which removes it.
      oldest.expire();
    }
  };

  return {
    add: (item) => {
      item.older = youngest;
      if (youngest === null) oldest = item;
      else youngest.younger = item;
      youngest = item;
      armed ??= wall.after(limitMs, check);
    },
    remove,
  };
};

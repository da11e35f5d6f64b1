/**
 * One timer for all attempts in flight. They share one limit, so the oldest is always the next to expire. The timer
 * exists only while something is in flight, so that an idle transport does not keep the process alive.
 *
 * The items form a linked list. A `Set` with a high turnover leaves a chain of outgrown hash tables behind, which keeps
 * its former items alive past young-generation collection; that took a third of the CPU time.
 *
 * @module
 */
import type { SystemClock } from '../../clock/port.ts';

/** Many attempts may expire at once, and each closes a socket: yield to the event loop after this many milliseconds. */
const SLICE_MS = 5;

export interface Expiring {
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Aborting it abandons the attempt; null if nothing can. */
  readonly signal: AbortSignal | null;
  /** Neighbours in the list, managed by the list. */
  older: Expiring | null;
  younger: Expiring | null;
  /** Report a timeout and cut the request. Must lead to `remove`. */
  expire(): void;
  /** Cut the request without reporting a result. */
  abandon(): void;
}

export interface Deadlines {
  add(item: Expiring): void;
  /** @param item must be in the list */
  remove(item: Expiring): void;
  /** Abandon and remove every item with this signal. */
  abandon(signal: AbortSignal): void;
}

/** @param limitMs real milliseconds from `startedAt` to `expire` */
export const createDeadlines = (wall: SystemClock, limitMs: number): Deadlines => {
  let oldest: Expiring | null = null;
  let youngest: Expiring | null = null;
  let disarm: (() => void) | null = null;

  const remove = (item: Expiring): void => {
    const { older, younger } = item;
    if (older === null) oldest = younger;
    else older.younger = younger;
    if (younger === null) youngest = older;
    else younger.older = older;
    item.older = null;
    item.younger = null;
    if (oldest !== null) return;
    disarm?.();
    disarm = null;
  };

  const check = (): void => {
    disarm = null;
    const now = wall.monotonic();
    while (oldest !== null) {
      const left = oldest.startedAt + limitMs - now;
      if (left > 0 || wall.monotonic() - now > SLICE_MS) {
        disarm = wall.after(Math.max(0, left), check);
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
      disarm ??= wall.after(limitMs, check);
    },
    remove,
    abandon: (signal) => {
      for (let item = oldest; item !== null;) {
        const next: Expiring | null = item.younger;
        if (item.signal === signal) {
          remove(item);
          item.abandon();
        }
        item = next;
      }
    },
  };
};

/**
 * One timer for all attempts in flight: they share one limit, so the oldest is always the next to expire. The timer
 * exists only while something is in flight, so an idle transport keeps no process alive.
 *
 * A linked list on purpose. A `Set` that items pour through leaves a chain of outgrown tables behind, each of which
 * keeps what was in it from being collected young: that cost a third of all processor time.
 *
 * @module
 */
import type { SystemClock } from '../../clock/port.ts';

/** Many attempts may expire at once, and each closes a socket: yield to the event loop after this long. */
const SLICE_MS = 5;

export interface Expiring {
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** The attempt is abandoned when this is aborted; null when nothing can abandon it. */
  readonly signal: AbortSignal | null;
  /** Neighbours in the list, managed by the list. */
  older: Expiring | null;
  younger: Expiring | null;
  expire(): void;
  /** Cuts the attempt without reporting a result. */
  abandon(): void;
}

export interface Deadlines {
  add(item: Expiring): void;
  /** Must be in the list. */
  remove(item: Expiring): void;
  /** Abandons and removes every item of `signal`. */
  abandon(signal: AbortSignal): void;
}

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

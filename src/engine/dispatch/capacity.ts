/**
 * The in-flight limit that all endpoints of a sandbox share, and the time that one turn of the event loop may spend on
 * sending.
 *
 * Receivers that hang hold their connections until the attempt's time limit. Without a limit, a thousand of them hold
 * 16,000 sockets, and opening those blocks the process for most of a minute. So endpoints share {@link MAX_SHARED}
 * attempts freely. Once these are used, an endpoint with nothing in flight may still send one, so that receivers that
 * hang never stop one that answers. {@link MAX_IN_FLIGHT} bounds the number of sockets as a whole.
 *
 * @module
 */
import type { SystemClock } from '../../clock/port.ts';

const MAX_SHARED = 512;
const MAX_IN_FLIGHT = 2048;
/** Opening a connection takes about half a millisecond: yield to the event loop after this long. */
const SLICE_MS = 5;

export interface Capacity {
  /**
   * Takes a place for one attempt.
   *
   * @param held attempts that the endpoint has in flight
   * @param wake called once a place may be free, when there is none now; the same function is kept only once
   */
  acquire(held: number, wake: () => void): boolean;
  release(): void;
  /** True when this turn of the event loop has been sending for long enough. */
  isTurnSpent(): boolean;
}

const wakeFirst = (waiting: Set<() => void>): void => {
  const [first] = waiting;
  if (first === undefined) return;
  waiting.delete(first);
  first();
};

export const createCapacity = (clock: Pick<SystemClock, 'monotonic'>): Capacity => {
  let inFlight = 0;
  let turnStartedAt: number | null = null;
  /** Endpoints with nothing in flight, and those that have something already. */
  const idle = new Set<() => void>();
  const busy = new Set<() => void>();

  return {
    acquire: (held, wake) => {
      if (inFlight < MAX_SHARED || (held === 0 && inFlight < MAX_IN_FLIGHT)) {
        inFlight += 1;
        return true;
      }
      (held === 0 ? idle : busy).add(wake);
      return false;
    },
    release: () => {
      inFlight -= 1;
      if (idle.size > 0 && inFlight < MAX_IN_FLIGHT) wakeFirst(idle);
      // More than one: whoever is woken may have nothing to send any more.
      for (let free = MAX_SHARED - inFlight; free > 0 && busy.size > 0; free -= 1) wakeFirst(busy);
    },
    isTurnSpent: () => {
      const now = clock.monotonic();
      if (turnStartedAt !== null) return now - turnStartedAt > SLICE_MS;
      turnStartedAt = now;
      setImmediate(() => {
        turnStartedAt = null;
      });
      return false;
    },
  };
};

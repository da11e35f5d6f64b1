/**
 * The in-flight limit shared by all endpoints of a sandbox, and the time limit for sending per event-loop iteration.
 *
 * Hanging receivers hold their connections until the attempt times out. Without a limit, a thousand of them hold 16,000
 * sockets, and opening those blocks the process for most of a minute. Therefore all endpoints share {@link MAX_SHARED}
 * places. Once these are in use, an endpoint with nothing in flight may still send one attempt, so that hanging receivers
 * do not block responsive ones. {@link MAX_IN_FLIGHT} limits the total number of sockets.
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
   * Acquire a place for one attempt; to be returned with `release`.
   *
   * @param held attempts that the endpoint has in flight
   * @param wake called once when a place may be free, if none is free now; the same function is queued only once
   * @returns whether a place was acquired
   */
  acquire(held: number, wake: () => void): boolean;
  release(): void;
  /** Remove a function that waits for a place. */
  forget(wake: () => void): void;
  /** Whether this iteration of the event loop has spent its time for sending. */
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
  /** Waiting endpoints: those with nothing in flight, and the others. */
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
      // Wake as many as there are places: some may have nothing left to send.
      for (let free = MAX_SHARED - inFlight; free > 0 && busy.size > 0; free -= 1) wakeFirst(busy);
    },
    forget: (wake) => {
      idle.delete(wake);
      busy.delete(wake);
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

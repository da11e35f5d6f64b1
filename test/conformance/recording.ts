/**
 * Detects leaks: timers that were not cleared, listeners that were not removed.
 *
 * @module
 */
import type { WallClock } from '../../src/clock/port.ts';

interface Timer {
  readonly ms: number;
  readonly wake: () => void;
}

/** A clock that stands still, and the timers that are set at this moment. */
export const recordingClock = (): { readonly wall: WallClock; readonly armed: Set<Timer> } => {
  const armed = new Set<Timer>();
  const wall: WallClock = {
    now: () => 0,
    after: (ms, wake) => {
      const timer = { ms, wake };
      armed.add(timer);
      return () => armed.delete(timer);
    },
  };
  return { wall, armed };
};

/** Counts, from now on, those that are added through the signal's own methods. */
export const listenersOf = (signal: AbortSignal): (() => number) => {
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...rest: Parameters<typeof add>) => {
    listeners += 1;
    add(...rest);
  };
  signal.removeEventListener = (...rest: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...rest);
  };
  return () => listeners;
};

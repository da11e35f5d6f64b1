/**
 * Ports of the two kinds of time in the sandbox: real time, and one controllable virtual clock per account.
 *
 * @module
 */

/** Real time. Only the dispatcher sleeps on it; everything else takes `now` as an argument. */
export interface WallClock {
  /** Milliseconds since the Unix epoch. Never decreases. */
  now(): number;
  /** Call `wake` once after `ms` milliseconds, regardless of changes to the system date. @returns a function that cancels it */
  after(ms: number, wake: () => void): () => void;
}

/**
 * Real time in two forms that must not be mixed.
 *
 * {@link WallClock.now} is the date: for timestamps, account clocks, and everything that must be valid after a restart.
 * {@link SystemClock.monotonic} runs at constant speed, whatever happens to the system date: use it for durations and
 * time limits.
 *
 * The date may change under a running process: manually, by NTP, or when the machine is suspended. The rules:
 *
 * - A step **forward** is followed. After a laptop resumes from sleep, a `realtime` account shows the current date, and
 *   attempts that fell due meanwhile are made at once, as after a restart.
 * - A step **back** is not followed: time continues from where it was until the date has caught up or the process is
 *   restarted. Therefore no account's clock goes back, and no retry waits longer than its delay.
 * - Time limits (an attempt's 10 seconds, waits, rate limits) are not affected by either.
 */
export interface SystemClock extends WallClock {
  /** Milliseconds since an arbitrary start within this process. */
  monotonic(): number;
}

/**
 * `realtime` runs at 1×, `scaled` at `rate` ×, `frozen` moves only by an advance, `skip` jumps to the next due time
 * whenever nothing is in flight.
 */
export type ClockMode = 'realtime' | 'scaled' | 'frozen' | 'skip';

/**
 * How a virtual clock gets to a time: it has reached it (`now`), it may be set to it as soon as nothing is in flight
 * (`jump`), or it reaches it after `sleepMs` real milliseconds, Infinity if it does not run.
 */
export type ClockPlan = 'now' | 'jump' | { readonly sleepMs: number };

/** The persisted state of a virtual clock. */
export interface ClockState {
  readonly mode: ClockMode;
  /** Virtual milliseconds per real one: 1 in `realtime`, 0 in `frozen` and `skip`. */
  readonly rate: number;
  /** Virtual time at the real time `anchorWall`. Both in milliseconds since the Unix epoch. */
  readonly anchorVirtual: number;
  readonly anchorWall: number;
}

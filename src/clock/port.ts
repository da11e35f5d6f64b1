/**
 * Time as the sandbox sees it: real time that passes, and a virtual clock per account that can be steered.
 *
 * @module
 */

/** Real time. The only thing that may sleep on it is the dispatcher. */
export interface WallClock {
  /** Milliseconds since the Unix epoch. Never goes back. */
  now(): number;
  /** Runs `wake` once after `ms`, whatever happens to the system's date; the returned function cancels it. */
  after(ms: number, wake: () => void): () => void;
}

/**
 * Real time in two forms that must not be mixed.
 *
 * {@link WallClock.now} is the date: for timestamps, for accounts' clocks, and for what must still mean something after
 * a restart. {@link SystemClock.monotonic} runs at one speed, whatever is done to the system's date: every duration and
 * every time limit is measured with it.
 *
 * The date can be changed under a running process: by hand, by NTP, by suspending the machine. The rules:
 *
 * - A step **forward** is followed. A laptop that slept for the night shows today's date again, and so does a
 *   `realtime` account; what fell due meanwhile is attempted at once, as after a restart.
 * - A step **back** is not followed: time goes on from where it was, until the date has caught up or the process is
 *   restarted. So no account's clock ever goes back, and no retry waits longer than its delay.
 * - Time limits (an attempt's 10 seconds, waits, rate limits) notice neither.
 */
export interface SystemClock extends WallClock {
  /** Milliseconds since some fixed moment of this process. */
  monotonic(): number;
}

/**
 * `realtime` runs at 1×, `scaled` at `rate` ×, `frozen` moves only by an advance,
 * `skip` jumps to the next due time whenever nothing is in flight.
 */
export type ClockMode = 'realtime' | 'scaled' | 'frozen' | 'skip';

/** Everything that a virtual clock must remember to go on after a restart. */
export interface ClockState {
  readonly mode: ClockMode;
  /** Virtual milliseconds per real one: 1 in `realtime`, 0 in `frozen` and `skip`. */
  readonly rate: number;
  /** Virtual time, in milliseconds, at the real time `anchorWall`. */
  readonly anchorVirtual: number;
  readonly anchorWall: number;
}

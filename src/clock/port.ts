/**
 * Time as the sandbox sees it: real time that passes, and a virtual clock per account that can be steered.
 *
 * @module
 */

/** Real time. The only thing that may sleep on it is the dispatcher. */
export interface WallClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `wake` once after `ms`; the returned function calls it off. */
  after(ms: number, wake: () => void): () => void;
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

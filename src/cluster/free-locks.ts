/**
 * What a free lock of another node proves. Normally it proves that the node is dead. But when this node has just lost its own
 * lock, the server may have been restarted, and all locks were free for a moment: then it proves so only of a node that
 * has taken its lock since, until the others have had the time to do so.
 *
 * @module
 */
import type { SystemClock } from '../clock/port.ts';

export interface FreeLocks {
  /** This node has lost its lock. */
  lost(): void;
  /** This node has its lock again. */
  regained(): void;
  /** Whether the lock of any other node proves its death. */
  readonly proveDeath: boolean;
  /**
   * Milliseconds for which this node was without its lock: a node that took its own since then has been seen alive after a
   * restart. Null while this node has no lock.
   */
  readonly outageMs: number | null;
}

/** @param graceMs time that other nodes get to take their locks, after this node has taken its own */
export const createFreeLocks = (
  clock: Pick<SystemClock, 'monotonic'>,
  graceMs: number,
): FreeLocks => {
  let lostAt: number | null = null;
  let outageMs = 0;
  let graceEnds = -Infinity;
  return {
    lost: () => {
      lostAt ??= clock.monotonic();
    },
    regained: () => {
      const now = clock.monotonic();
      outageMs = lostAt === null ? 0 : now - lostAt;
      lostAt = null;
      graceEnds = now + graceMs;
    },
    get proveDeath() {
      return lostAt === null && clock.monotonic() >= graceEnds;
    },
    get outageMs() {
      return lostAt === null ? outageMs : null;
    },
  };
};

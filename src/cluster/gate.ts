/**
 * Holds requests back while an account is handed over to another node, and lets those under way finish first, so that a
 * hand-over fails no request.
 *
 * Reads are repeated at the next owner, and long polls and advances end early, so these are waited for only for a moment.
 * Other requests must not be cut.
 *
 * @module
 */
import type { WallClock } from '../clock/port.ts';

export interface Gate {
  /** Resolves when the account is not being handed over; null if that is so now. Look for the owner again afterwards. */
  shut(keyHash: string): Promise<void> | null;
  /**
   * Note a request that is served here.
   *
   * @param mayEnd whether the request may be cut: it is repeated, or says how far it got
   * @returns a function to call at its end
   */
  enter(keyHash: string, mayEnd: boolean): () => void;
  /**
   * Hold new requests of the account back, wait for those under way, run `work`, and let the requests go on. `work` runs once,
   * also if several callers ask at a time.
   */
  whileShut(keyHash: string, grace: Grace, work: () => Promise<void>): Promise<void>;
}

/** Real milliseconds that requests under way may take. */
export interface Grace {
  /** All requests. */
  readonly allMs: number;
  /** Those that must not be cut. */
  readonly uncutMs: number;
}

interface Served {
  requests: number;
  /** Those that must not be cut. */
  uncut: number;
  /** Called when a request has ended. */
  ended: () => void;
}

export const createGate = (wall: WallClock): Gate => {
  const served = new Map<string, Served>();
  const shut = new Map<string, Promise<void>>();

  const drain = async (keyHash: string, { allMs, uncutMs }: Grace): Promise<void> => {
    const running = served.get(keyHash);
    if (running === undefined) return;
    await new Promise<void>((resolve) => {
      let isLate = false;
      const look = (): void => {
        if (running.requests > 0 && !(isLate && running.uncut === 0)) return;
        cancelAll();
        cancelUncut();
        resolve();
      };
      const cancelAll = wall.after(allMs, () => {
        isLate = true;
        look();
      });
      const cancelUncut = wall.after(uncutMs, resolve);
      running.ended = look;
    });
  };

  return {
    shut: (keyHash) => shut.get(keyHash) ?? null,
    enter: (keyHash, mayEnd) => {
      const running = served.get(keyHash) ?? { requests: 0, uncut: 0, ended: () => undefined };
      const uncut = mayEnd ? 0 : 1;
      served.set(keyHash, running);
      running.requests += 1;
      running.uncut += uncut;
      return () => {
        running.requests -= 1;
        running.uncut -= uncut;
        if (running.requests === 0) served.delete(keyHash);
        running.ended();
      };
    },
    whileShut: (keyHash, grace, work) => {
      const running = shut.get(keyHash);
      if (running !== undefined) return running;
      const done = drain(keyHash, grace)
        .then(work)
        .finally(() => shut.delete(keyHash));
      shut.set(
        keyHash,
        done.catch(() => undefined),
      );
      return done;
    },
  };
};

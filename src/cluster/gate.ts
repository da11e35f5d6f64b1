/**
 * Holds requests back while an account is handed over to another node, and lets those under way finish first, so that a
 * hand-over fails no request.
 *
 * @module
 */
import type { WallClock } from '../clock/port.ts';

export interface Gate {
  /** Resolves when the account is not being handed over; null if that is so now. Look for the owner again afterwards. */
  shut(keyHash: string): Promise<void> | null;
  /** Note a request that is served here. @returns a function to call at its end */
  enter(keyHash: string): () => void;
  /**
   * Hold new requests of the account back, wait up to `graceMs` real milliseconds for those under way, run `work`, and let
   * the requests go on. `work` runs once, also if several callers ask at a time.
   */
  whileShut(keyHash: string, graceMs: number, work: () => Promise<void>): Promise<void>;
}

interface Served {
  requests: number;
  /** Called when the last request has ended. */
  drained: () => void;
}

export const createGate = (wall: WallClock): Gate => {
  const served = new Map<string, Served>();
  const shut = new Map<string, Promise<void>>();

  const drain = async (keyHash: string, graceMs: number): Promise<void> => {
    const running = served.get(keyHash);
    if (running === undefined) return;
    await new Promise<void>((resolve) => {
      const cancel = wall.after(graceMs, resolve);
      running.drained = () => {
        cancel();
        resolve();
      };
    });
  };

  return {
    shut: (keyHash) => shut.get(keyHash) ?? null,
    enter: (keyHash) => {
      const running = served.get(keyHash) ?? { requests: 0, drained: () => undefined };
      served.set(keyHash, running);
      running.requests += 1;
      return () => {
        running.requests -= 1;
        if (running.requests > 0) return;
        served.delete(keyHash);
        running.drained();
      };
    },
    whileShut: (keyHash, graceMs, work) => {
      const running = shut.get(keyHash);
      if (running !== undefined) return running;
      const done = drain(keyHash, graceMs)
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

/**
 * A promise that is waited for no longer than a time.
 *
 * @module
 */
import type { WallClock } from '../../clock/port.ts';

/** @returns null when it takes longer; no timer is left behind, which would keep the process alive */
export const within = <T>(wall: WallClock, promise: Promise<T>, ms: number): Promise<T | null> =>
  new Promise((resolve, reject) => {
    const disarm = wall.after(ms, () => resolve(null));
    promise.then(resolve, reject).finally(disarm);
  });

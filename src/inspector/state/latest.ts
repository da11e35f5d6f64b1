/**
 * Reads that overtake each other: only the result of the newest one counts.
 *
 * @module
 */

export interface Latest {
  /** Read, and show the result unless something newer is known by then. Failures are left to the stream. */
  load<T>(read: () => Promise<T>, show: (value: T) => void): Promise<void>;
  /** Results of reads that have begun are out of date. */
  supersede(): void;
}

export const createLatest = (): Latest => {
  let newest = 0;
  return {
    load: async (read, show) => {
      const mine = ++newest;
      try {
        const value = await read();
        if (mine === newest) show(value);
      } catch {
        // The stream reports a lost connection.
      }
    },
    supersede: () => {
      newest += 1;
    },
  };
};

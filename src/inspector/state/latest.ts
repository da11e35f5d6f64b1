/**
 * Reads that overtake each other: only the result of the newest one counts.
 *
 * @module
 */

export interface Latest {
  /**
   * Read, and show the result unless something newer is known by then.
   *
   * @param fail gets the error, on the same condition. By default, failures are left to the stream, which reports a lost
   * connection
   */
  load<T>(
    read: () => Promise<T>,
    show: (value: T) => unknown,
    fail?: (error: unknown) => unknown,
  ): Promise<void>;
  /** Results of reads that have begun are out of date. */
  supersede(): void;
}

export const createLatest = (): Latest => {
  let newest = 0;
  return {
    load: async (read, show, fail) => {
      const mine = ++newest;
      try {
        const value = await read();
        if (mine === newest) show(value);
      } catch (error) {
        if (mine === newest) fail?.(error);
      }
    },
    supersede: () => {
      newest += 1;
    },
  };
};

/**
 * Helpers to split long work into slices, so that it does not block other requests of the process.
 *
 * @module
 */

/** Yield to the event loop, so that ready I/O is handled first. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const MAX_STEPS = 500;
const MAX_CHARACTERS = 524_288;

/**
 * Create a counter that decides when a slice of row-by-row work is complete, after about 5 ms. Rows differ in size by a
 * factor of 10,000, so both their number and their size count.
 *
 * @returns a function to call after each step with the number of characters processed; true if it is time for
 * {@link nextTurn}
 */
export const createPace = (): ((characters: number) => boolean) => {
  let steps = 0;
  let total = 0;
  return (characters) => {
    steps += 1;
    total += characters;
    if (steps < MAX_STEPS && total < MAX_CHARACTERS) return false;
    steps = 0;
    total = 0;
    return true;
  };
};

/**
 * Long work in slices: what is done in one go holds up every other request of the process.
 *
 * @module
 */

/** Yield to the event loop: I/O that is ready is handled first. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const MAX_STEPS = 500;
const MAX_CHARACTERS = 524_288;

/**
 * Tells when long work that goes row by row has done enough for one slice, about 5 ms: rows differ in size by a factor of
 * 10,000, so both their number and their size count.
 *
 * @returns to be called after each step with the characters that it handled; true when it is time for {@link nextTurn}
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

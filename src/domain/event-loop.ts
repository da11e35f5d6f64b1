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

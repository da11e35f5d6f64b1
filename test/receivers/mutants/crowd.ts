/**
 * For mutants that only a crowd brings to light.
 *
 * @module
 */

/** Requests that were sent together have all arrived by then. */
export const crowdGathers = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
};

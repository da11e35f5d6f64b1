/**
 * Elapsed time in real milliseconds with fractions.
 *
 * @module
 */

/** Start a stopwatch. @returns a function that reads it, in ms */
export const stopwatch = (): (() => number) => {
  const started = performance.now();
  return () => performance.now() - started;
};

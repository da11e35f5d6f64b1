/**
 * How long something took, in real milliseconds with fractions.
 *
 * @module
 */

/** Starts now. @returns a function that reads it */
export const stopwatch = (): (() => number) => {
  const started = performance.now();
  return () => performance.now() - started;
};

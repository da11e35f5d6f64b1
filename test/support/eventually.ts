/**
 * Waiting for a state.
 *
 * @module
 */
import { vi } from 'vitest';

/** Repeats an assertion until it passes. The limit only ends a test that hangs. */
export const eventually = <T>(assertion: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(assertion, { timeout: 60_000, interval: 20 });

/**
 * For mutants that only a crowd brings to light.
 *
 * @module
 */

import { setImmediate } from 'node:timers/promises';

/** A hundred that connect one after the other take some fifty turns. */
const TURNS = 150;

/**
 * Requests that were sent together have all arrived by then. Turns of the event loop and no time: the suite runs in the
 * same process, so that a busy machine sees the same crowd.
 */
export const crowdGathers = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
};

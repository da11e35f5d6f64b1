/**
 * For mutants that only a crowd brings to light.
 *
 * @module
 */

import { setImmediate } from 'node:timers/promises';

/** A hundred that connect one after the other take some fifty turns. */
const MAX_TURNS = 150;
/** Time without a new request after which the crowd is complete. */
const QUIET_TURNS = 40;

/**
 * Requests that were sent together have all arrived by then. Turns of the event loop and no time: the suite runs in the
 * same process, so that a busy machine sees the same crowd.
 *
 * @param count how many have arrived
 */
export const crowdGathers = async (count: () => number): Promise<void> => {
  let most = count();
  for (let turn = 0, quiet = 0; turn < MAX_TURNS && quiet < QUIET_TURNS; turn += 1) {
    await setImmediate();
    quiet = count() > most ? 0 : quiet + 1;
    most = Math.max(most, count());
  }
};

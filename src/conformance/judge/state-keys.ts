/**
 * Keys that a state hook does not return: a check that needs one is not tested, and says what came instead.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { STATE_KEYS, type StateKey } from '../hooks/contracts.ts';
import type { LeadState } from '../hooks/hooks.ts';
import { notTested } from '../verdict.ts';

const KEYS = Object.keys(STATE_KEYS) as readonly StateKey[];

const quoted = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(', ');

/** The keys of the response, also those that no check knows: one of them may be a missing key under another name. */
const returnedKeys = (state: LeadState): readonly string[] =>
  state.keys ??
  Object.entries(state)
    .filter(([key, value]) => key !== 'asked' && key !== 'keys' && value !== undefined)
    .map(([key]) => key);

/** Not tested, with all missing keys and those that came. It is the same text for every check that lacks one. */
export const missesKeys = (state: LeadState): Verdict => {
  if (!state.known) {
    return notTested(
      'The state hook does not know a lead (404) whose event was accepted. If your receiver keeps no lead for that type of event, answer 200 with the values that it would have.',
    );
  }
  const missing = KEYS.filter((key) => state[key] === undefined);
  const returned = returnedKeys(state);
  const came = returned.length === 0 ? 'It returned no keys' : `It returned ${quoted(returned)}`;
  return notTested(
    `The state hook returns no value for ${quoted(missing)}. ${came}. Add what your receiver stores, under these names.`,
  );
};

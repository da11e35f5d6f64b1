/**
 * The lifetime of what an account holds: from when it is opened, reset or restored until the next reset or restore.
 *
 * Everything that is under way belongs to one generation: claims, attempts in flight, results that wait to be written.
 * A result must not outlive its generation, because after a restore the same delivery may exist once more, with another
 * past. A generation is in one of three states:
 *
 * - `active`: deliveries are claimed, sent and recorded.
 * - `suspended`: the store is about to replace the account's rows. Nothing is claimed or sent, and results wait. If the
 *   store fails, the generation is active again and nothing is lost.
 * - `discarded`: the rows are gone. Results are dropped, and `signal` is aborted, which cuts requests in flight.
 *
 * @module
 */

export interface Generation {
  readonly state: 'active' | 'suspended' | 'discarded';
  /** Aborted when the generation is discarded. */
  readonly signal: AbortSignal;
  suspend(): void;
  /** Makes a suspended generation active again. */
  resume(): void;
  discard(): void;
}

export const createGeneration = (): Generation => {
  const controller = new AbortController();
  let state: Generation['state'] = 'active';
  return {
    get state() {
      return state;
    },
    signal: controller.signal,
    suspend: () => {
      if (state === 'active') state = 'suspended';
    },
    resume: () => {
      if (state === 'suspended') state = 'active';
    },
    discard: () => {
      state = 'discarded';
      controller.abort();
    },
  };
};

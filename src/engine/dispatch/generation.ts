/**
 * The lifetime of an account's rows: from opening, reset or restore to the next reset or restore.
 *
 * Claims, attempts in flight and results to be written belong to one generation. A result must not outlive it: after a
 * restore, the same delivery may exist again with a different history. States:
 *
 * - `active`: deliveries are claimed, sent and recorded.
 * - `suspended`: the store is about to replace the account's rows. Nothing is claimed or sent, and results are held back.
 *   If the store fails, the generation becomes active again and nothing is lost.
 * - `discarded`: the rows are gone. Results are dropped, and `signal` is aborted, which cuts requests in flight. Final.
 *
 * @module
 */

export interface Generation {
  readonly state: 'active' | 'suspended' | 'discarded';
  /** Aborted when the generation is discarded. */
  readonly signal: AbortSignal;
  suspend(): void;
  /** Reactivate a suspended generation. No effect in other states. */
  resume(): void;
  discard(): void;
}

/** One for all: an abort without a reason makes one with a stack trace, 17 µs for each account that comes to rest. */
const DISCARDED = new Error('The rows of the account were replaced, or its runtime was discarded.');

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
      controller.abort(DISCARDED);
    },
  };
};

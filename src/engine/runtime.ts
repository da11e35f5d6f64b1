/**
 * The working part of an account: its dispatcher, and what changes its clock, deliveries and rows as a whole. It is large,
 * and most accounts of a sandbox are idle, so it exists only while it is needed.
 *
 * **States.** An account *has a runtime* or has *none*. It starts without one, unless deliveries are pending or campaign
 * events are scheduled. Every call that needs it creates it ({@link RuntimeHolder.use}); it takes on the webhooks in memory.
 * It is *at rest* when no call uses it and its dispatcher is at rest: nothing is pending, scheduled or in flight, in real
 * time or on the account's clock. The {@link RestingRuntimes} of the sandbox keep the most recent ones at rest, and discard
 * the others.
 *
 * **Invariant.** Without a runtime, no delivery of the account is pending. Therefore a new one need not read the store: it
 * is created at once, within a call. All that must survive it belongs to the account: clock, ids, webhooks, fault rules,
 * campaigns, subscriptions and locks. Nothing that a client can observe depends on whether there is a runtime.
 *
 * **End.** An account that is stopped or closed keeps its runtime, if it has one. One that is created later by a request
 * under way is stopped from the beginning.
 *
 * @module
 */
import type { createRedelivery } from './redelivery.ts';
import type { ClockControl } from './clock-control.ts';
import type { Dispatcher } from './dispatch/dispatcher-types.ts';
import type { createSnapshots } from './snapshots.ts';

export interface Runtime {
  readonly dispatcher: Dispatcher;
  readonly control: ClockControl;
  readonly deliveries: ReturnType<typeof createRedelivery>;
  readonly snapshots: ReturnType<typeof createSnapshots>;
}

export interface RuntimeHolder {
  /** The runtime, or null if it does not exist. Do not keep it across an `await`. */
  current(): Runtime | null;
  /** The runtime, created if it does not exist. Do not keep it across an `await`, except within `use`. */
  get(): Runtime;
  /** Run `work` with the runtime, which exists at least until `work` ends. */
  use<T>(work: (runtime: Runtime) => Promise<T>): Promise<T>;
  /** Keep the runtime, or the lack of one: one that is created later is stopped. @returns the runtime */
  end(): Runtime | null;
}

/** The runtimes at rest of all accounts, shared by the accounts of an engine. */
export interface RestingRuntimes {
  /**
   * Add a runtime, or move it to the end.
   *
   * @param discard discards it if it is at rest, and returns whether it is gone
   */
  add(discard: () => boolean): void;
  remove(discard: () => boolean): void;
}

/** @param max number of runtimes at rest that are not discarded */
export const createRestingRuntimes = (max: number): RestingRuntimes => {
  /** The one that has not been used for longest comes first. */
  const resting = new Set<() => boolean>();
  return {
    add: (discard) => {
      resting.delete(discard);
      resting.add(discard);
      if (resting.size <= max) return;
      const [oldest] = resting;
      if (oldest === undefined) return;
      resting.delete(oldest);
      // It is in use again.
      if (!oldest()) resting.add(oldest);
    },
    remove: (discard) => void resting.delete(discard),
  };
};

/** @param create creates a runtime that can be used at once. It calls `onRest` when its dispatcher is at rest */
export const createRuntimeHolder = (
  resting: RestingRuntimes,
  create: (onRest: () => void) => Runtime,
): RuntimeHolder => {
  let runtime: Runtime | null = null;
  let uses = 0;
  let ended = false;

  const discard = (): boolean => {
    if (runtime === null) return true;
    if (uses > 0 || ended || !runtime.dispatcher.isAtRest()) return false;
    void runtime.dispatcher.abandon();
    runtime = null;
    return true;
  };
  const checkRest = (): void => {
    if (uses > 0 || ended || runtime?.dispatcher.isAtRest() !== true) return;
    resting.add(discard);
  };
  const get = (): Runtime => {
    if (runtime !== null) return runtime;
    runtime = create(checkRest);
    if (ended) void runtime.dispatcher.stop();
    return runtime;
  };

  return {
    current: () => runtime,
    get,
    use: async (work) => {
      uses += 1;
      try {
        return await work(get());
      } finally {
        uses -= 1;
        checkRest();
      }
    },
    end: () => {
      ended = true;
      resting.remove(discard);
      return runtime;
    },
  };
};

/**
 * Changes of an account's clock by its owner: mode, rate and advances, one after the other.
 *
 * @module
 */
import type { WallClock } from '../clock/port.ts';
import { inMode } from '../clock/virtual.ts';
import type { AccountLock } from './account-lock.ts';
import type { AccountClock } from './account-clock.ts';
import { advance, type Advanceable } from './advance.ts';
import type { Dispatcher } from './dispatch/dispatcher-types.ts';
import type { AccountEngine, ClockView } from './engine.ts';
import type { EventBus } from './event-bus.ts';
import { createSerialQueue } from './serial-queue.ts';

/** Changes that may wait behind the running one. */
const MAX_QUEUED_CHANGES = 100;

export interface ClockControl extends Pick<AccountEngine, 'setClock' | 'advance'> {
  view(): ClockView;
  /** End the running advance after its current step, and all queued ones. */
  interrupt(): void;
  /** Resolves when all changes queued so far have finished. */
  finished(): Promise<void>;
}

export interface ClockDependencies {
  readonly clock: AccountClock;
  readonly dispatcher: Dispatcher;
  readonly store: Advanceable['store'];
  readonly wall: WallClock;
  readonly bus: EventBus;
  readonly access: AccountLock;
}

export const createClockControl = (dependencies: ClockDependencies): ClockControl => {
  const { clock, dispatcher, store, wall, bus, access } = dependencies;
  const queue = createSerialQueue(MAX_QUEUED_CHANGES, 'changes of this clock');
  let interruption = new AbortController();

  const view = (): ClockView => ({
    mode: clock.state().mode,
    rate: clock.state().rate,
    now: clock.now(),
    nextDueAt: dispatcher.earliestDue(),
    inFlight: dispatcher.inFlight(),
  });
  const emitClock = (): void => {
    if (bus.hasSubscribers()) bus.emit({ type: 'clock.changed', clock: view() });
  };
  /**
   * Queue a change. It waits until no exclusive work is running; exclusive work in turn waits until the queue is empty,
   * so a change does not hold shared access, which would make both wait for each other.
   */
  const change = async <T>(work: (interrupted: AbortSignal) => Promise<T>): Promise<T> => {
    for (let closed = access.closed(); closed !== null; closed = access.closed()) await closed;
    const { signal } = interruption;
    return queue.run(() => work(signal));
  };

  return {
    view,
    interrupt: () => {
      interruption.abort();
      interruption = new AbortController();
    },
    finished: queue.finished,
    setClock: ({ mode, rate }) =>
      change(async () => {
        await clock.set(inMode(clock.state(), mode, rate, wall.now()));
        dispatcher.wake();
        emitClock();
        return view();
      }),
    advance: (target, signal) =>
      change(async (interrupted) => {
        const stop = signal === undefined ? interrupted : AbortSignal.any([signal, interrupted]);
        const advanceable = { dispatcher, clock, store, onStep: emitClock };
        const advanced = await advance(advanceable, target, stop);
        emitClock();
        return advanced;
      }),
  };
};

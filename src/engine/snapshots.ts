/**
 * Reset, snapshot and restore of one account: the operations that need it exclusively.
 *
 * A reset or restore interrupts advances, suspends the dispatcher and the event source, and replaces the rows. If the
 * store fails, everything continues as before. Afterwards all state in memory is loaded again.
 *
 * @module
 */
import type { WallClock } from '../clock/port.ts';
import { movedTo } from '../clock/virtual.ts';
import type { AccountKey } from '../domain/delivery.ts';
import type { Store } from '../storage/store.ts';
import type { AccountLock } from './account-lock.ts';
import type { AccountClock } from './account-clock.ts';
import type { ClockControl } from './clock-control.ts';
import type { Dispatcher } from './dispatch/dispatcher-types.ts';
import type { AccountEngine } from './engine.ts';
import type { EventSource } from './event-source.ts';
import type { EventBus } from './event-bus.ts';
import type { Ids } from './ids.ts';
import type { Webhooks } from './webhooks.ts';

export interface SnapshotDependencies {
  readonly account: AccountKey;
  readonly store: Pick<Store, 'resetAccount' | 'exportAccount' | 'importAccount'>;
  readonly wall: WallClock;
  readonly access: AccountLock;
  readonly clock: AccountClock;
  readonly control: ClockControl;
  readonly dispatcher: Dispatcher;
  readonly eventSource: EventSource;
  readonly webhooks: Pick<Webhooks, 'load'>;
  readonly ids: Ids;
  readonly bus: EventBus;
  /** Restore the initial fault rules. */
  resetFaults(this: void): void;
}

export const createSnapshots = (
  dependencies: SnapshotDependencies,
): Pick<AccountEngine, 'reset' | 'snapshot' | 'restore'> => {
  const { account, store, wall, access, clock, control } = dependencies;
  const { dispatcher, eventSource, webhooks, ids, bus, resetFaults } = dependencies;

  /** @param finish called after the rows were replaced, before anything is sent */
  const replace = (replaceRows: () => Promise<void>, finish: () => void): Promise<void> =>
    access.exclusive(async () => {
      control.interrupt();
      await dispatcher.replace(
        async () => {
          // Wait here, because a running advance ends only once the dispatcher is suspended.
          await control.finished();
          await eventSource.replace(replaceRows);
        },
        async () => {
          finish();
          await webhooks.load();
        },
      );
      bus.emit({ type: 'account.reset' });
    });

  return {
    reset: () => replace(() => store.resetAccount(account), resetFaults),
    snapshot: (read) =>
      access.exclusive(() =>
        dispatcher.pause(() =>
          eventSource.pause(async () => {
            const saved = await store.exportAccount(account);
            return read({ ...saved, clock: movedTo(clock.state(), clock.now(), wall.now()) });
          }),
        ),
      ),
    restore: async (dump) => {
      await eventSource.check(dump);
      const state = { ...dump.clock, anchorWall: wall.now() };
      await replace(
        () => store.importAccount(account, { ...dump, clock: state }),
        () => {
          ids.reseed(Object.values(dump.tables).reduce((sum, rows) => sum + rows.length, 0));
          clock.adopt(state);
        },
      );
    },
  };
};

/**
 * Waits, in real time, until a delivery reaches a state.
 *
 * @module
 */
import type { AccountKey, DeliveryDetail, DeliveryStatus, Millis } from '../domain/delivery.ts';
import { deliveryNotFound } from '../domain/problems.ts';
import type { WallClock } from '../clock/port.ts';
import type { Store } from '../storage/store.ts';
import type { EventBus } from './event-bus.ts';
import type { AccountEvent } from './engine.ts';

type Until = 'settled' | 'delivered' | 'dead';

const REACHED: Readonly<Record<Until, ReadonlySet<DeliveryStatus>>> = {
  settled: new Set(['delivered', 'dead', 'acknowledged', 'cancelled']),
  delivered: new Set(['delivered']),
  dead: new Set(['dead', 'acknowledged']),
};

/** Whether the delivery may have changed with this event. */
const concerns = (event: AccountEvent, id: string): boolean => {
  switch (event.type) {
    case 'delivery.attempted':
      return event.delivery.id === id;
    case 'delivery.cancelled':
    case 'delivery.acknowledged':
      return event.id === id;
    case 'account.reset':
      return true;
    default:
      return false;
  }
};

export interface WaitRequest {
  readonly account: AccountKey;
  readonly id: string;
  readonly until: Until;
  readonly timeoutMs: Millis;
  readonly signal?: AbortSignal | undefined;
  /** Aborted when the account is closed; the store rejects from then on. */
  readonly closed: AbortSignal;
}

/**
 * @returns `reached: false` if the time is up, `signal` is aborted, or the delivery settled in another state
 * @throws {Problem} `DELIVERY_NOT_FOUND`, also if the account is reset meanwhile
 */
export const waitForDelivery = async (
  store: Store,
  bus: EventBus,
  wall: WallClock,
  { account, id, until, timeoutMs, signal, closed }: WaitRequest,
): Promise<{ readonly reached: boolean; readonly delivery: DeliveryDetail }> => {
  let wake: () => void = () => undefined;
  let isTimedOut = false;
  // Subscribe before the first read, so that no change is missed.
  const unsubscribe = bus.subscribe((event) => {
    if (concerns(event, id)) wake();
  });
  const disarm = wall.after(timeoutMs, () => {
    isTimedOut = true;
    wake();
  });
  const onAbort = (): void => wake();
  signal?.addEventListener('abort', onAbort);
  closed.addEventListener('abort', onAbort);
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const delivery = await store.getDelivery(account, id);
      if (delivery === null) throw deliveryNotFound(id);
      const reached = REACHED[until].has(delivery.status);
      // No further change follows once a delivery has settled.
      const settled = REACHED.settled.has(delivery.status);
      if (reached || settled || isTimedOut || signal?.aborted === true)
        return { reached, delivery };
      await changed;
    }
  } finally {
    unsubscribe();
    disarm();
    signal?.removeEventListener('abort', onAbort);
    closed.removeEventListener('abort', onAbort);
  }
};

/**
 * Waits for one delivery, by its id, in real time.
 *
 * @module
 */
import type { AccountKey, DeliveryDetail, DeliveryStatus, Millis } from '../domain/delivery.ts';
import { deliveryNotFound } from '../domain/problems.ts';
import type { WallClock } from '../clock/port.ts';
import type { Store } from '../storage/store.ts';
import type { EventBus } from './events.ts';
import type { AccountEvent } from './engine.ts';

type Until = 'settled' | 'delivered' | 'dead';

const REACHED: Readonly<Record<Until, ReadonlySet<DeliveryStatus>>> = {
  settled: new Set(['delivered', 'dead', 'acknowledged', 'cancelled']),
  delivered: new Set(['delivered']),
  dead: new Set(['dead', 'acknowledged']),
};

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
}

export const waitForDelivery = async (
  store: Store,
  bus: EventBus,
  wall: WallClock,
  { account, id, until, timeoutMs, signal }: WaitRequest,
): Promise<{ readonly reached: boolean; readonly delivery: DeliveryDetail }> => {
  let wake: () => void = () => undefined;
  let timeIsUp = false;
  const call = (): void => wake();
  // Listening comes before the first look, so that nothing falls between.
  const unsubscribe = bus.subscribe((event) => {
    if (concerns(event, id)) call();
  });
  const disarm = wall.after(timeoutMs, () => {
    timeIsUp = true;
    call();
  });
  signal?.addEventListener('abort', call);
  try {
    for (;;) {
      const called = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const delivery = await store.getDelivery(account, id);
      if (delivery === null) throw deliveryNotFound(id);
      const reached = REACHED[until].has(delivery.status);
      // A settled delivery never gets to another end.
      const settled = REACHED.settled.has(delivery.status);
      if (reached || settled || timeIsUp || signal?.aborted === true) return { reached, delivery };
      await called;
    }
  } finally {
    unsubscribe();
    disarm();
    signal?.removeEventListener('abort', call);
  }
};

/**
 * The end of a flight: a delivery leaves the set of those in flight, and its account's tally changes with it.
 *
 * @module
 */
import type { DeliveryUpdate } from '../../domain/delivery-transitions.ts';
import type { InFlight } from './in-flight.ts';
import type { Tallies } from './tallies.ts';

/** Notes that a delivery is no longer in flight. To be called once its new status is committed. */
export type EndFlight = (delivery: number, status: DeliveryUpdate['status']) => void;

export const createEndFlight =
  (inFlight: InFlight, tallies: Tallies): EndFlight =>
  (delivery, status) => {
    const flight = inFlight.get(delivery);
    if (flight === undefined) return;
    inFlight.remove(delivery);
    // Deliveries in flight are counted as pending.
    const tally = status === 'pending' ? null : tallies.peek(flight.account);
    if (tally === null) return;
    tally.pending -= 1;
    tally[status] += 1;
  };

/**
 * Statuses as the numbers that rows hold, in a file and in a snapshot.
 *
 * @module
 */
import type { DeliveryStatus } from '../../domain/delivery.ts';

/**
 * `in_flight` is never written: what is taken as it is published has no row until its first attempt has ended, and what
 * is claimed later stays pending on disk. After a crash both are pending again.
 */
export const STATUS = {
  pending: 0,
  in_flight: 1,
  delivered: 2,
  dead: 3,
  acknowledged: 4,
  cancelled: 5,
} as const;

/** Statuses by their numbers. */
export const NAMES: ReadonlyMap<number, DeliveryStatus> = new Map(
  Object.entries(STATUS).map(([name, code]) => [code, name as DeliveryStatus]),
);

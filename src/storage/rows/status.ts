/**
 * Numeric codes of delivery statuses in a database file and in a snapshot.
 *
 * @module
 */
import type { DeliveryStatus } from '../../domain/delivery.ts';

/**
 * `in_flight` is never written: a delivery claimed when it was published has no row until its first attempt has ended, and
 * one claimed later stays pending on disk. After a crash both are pending again.
 */
export const STATUS_CODES = {
  pending: 0,
  in_flight: 1,
  delivered: 2,
  dead: 3,
  acknowledged: 4,
  cancelled: 5,
} as const;

/** Statuses by code. */
export const STATUS_NAMES: ReadonlyMap<number, DeliveryStatus> = new Map(
  Object.entries(STATUS_CODES).map(([name, code]) => [code, name as DeliveryStatus]),
);

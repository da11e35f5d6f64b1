/**
 * Numeric codes of event types in a database file, where an index contains one for each delivery.
 *
 * @module
 */
import type { StoredEvent } from '../../domain/delivery.ts';

/** Append only: files contain these numbers. */
export const EVENT_TYPE_CODES = {
  'email.sent': 0,
  'email.delivered': 1,
  'email.opened': 2,
  'email.clicked': 3,
  'email.replied': 4,
  'email.bounced': 5,
  'email.unsubscribed': 6,
  'campaign.completed': 7,
} as const satisfies Record<StoredEvent['type'], number>;

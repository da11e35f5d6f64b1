/**
 * Rows of deliveries, and their conversion to the values of the port.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Delivery, SignatureMode, StoredEvent } from '../../domain/delivery.ts';
import { afterRelease } from '../../domain/delivery-transitions.ts';
import { deliveryId } from '../../domain/delivery-id.ts';
import { STATUS_NAMES } from '../rows/status.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import type { ListedDelivery } from '../store.ts';
import type { InFlight } from './in-flight.ts';
import type { Partition } from './partitions.ts';

interface EventRange {
  readonly seq: number;
  readonly first: number;
  readonly past: number;
}

export interface DeliveryRow {
  readonly seq: number;
  readonly webhook: number;
  readonly webhook_id: string;
  readonly url: string;
  /** Deletion of the webhook. */
  readonly deleted_at: number | null;
  readonly event_id: string;
  readonly event_type: StoredEvent['type'];
  readonly event_body: string;
  readonly event_created_at: number;
  readonly event: number;
  readonly status: number;
  readonly attempts_made: number;
  readonly created_at: number;
  readonly due_at: number | null;
  readonly settled_at: number | null;
  readonly acknowledged_at: number | null;
  readonly redelivery_of: number | null;
  readonly signature: SignatureMode | null;
  readonly body: Uint8Array | null;
  /** Serialised attempts, separated by commas. */
  readonly attempts: string | null;
}

export const SELECT_DELIVERY = `
  SELECT d.seq, d.event, d.webhook, d.status, d.attempts_made, d.created_at, d.due_at, d.settled_at,
    d.acknowledged_at, d.redelivery_of, d.signature, CAST(d.body AS BLOB) AS body,
    w.id AS webhook_id, w.url, w.deleted_at, e.id AS event_id, e.type AS event_type, e.body AS event_body,
    e.created_at AS event_created_at,
    d.attempts
  FROM delivery d JOIN webhook w ON w.key = d.webhook JOIN event e ON e.seq = d.event`;

/**
 * Selects the keys of an event's deliveries: those published with it, and its redeliveries. A UNION of two ranges, because
 * one condition with OR would scan the whole account.
 */
export const OF_EVENT = `
  SELECT seq FROM delivery WHERE seq >= ? AND seq < ?
  UNION ALL SELECT seq FROM delivery WHERE redelivery_of IS NOT NULL AND event = ?`;

export interface DeliveryRows {
  /** @returns null if the key does not exist */
  one(seq: number): DeliveryRow | null;
  toDelivery(row: DeliveryRow): Delivery;
  toListed(row: DeliveryRow): ListedDelivery;
  /** Parameters of {@link OF_EVENT}; null if the account has no such event. */
  ofEvent(partition: Partition, id: string): [first: number, past: number, event: number] | null;
}

type State = Pick<Delivery, 'status' | 'dueAt' | 'settledAt'>;

/** The state of a row, by the rule of `deletions.ts`. */
const savedState = (row: DeliveryRow, isInFlight: boolean): State => {
  const status = STATUS_NAMES.get(row.status) ?? 'pending';
  return status === 'pending' && !isInFlight
    ? afterRelease(row.due_at, row.deleted_at)
    : { status, dueAt: row.due_at, settledAt: row.settled_at };
};

export const createDeliveryRows = (db: DatabaseSync, inFlight: InFlight): DeliveryRows => {
  const oneDelivery = db.prepare(`${SELECT_DELIVERY} WHERE d.seq = ?`);
  const rangeOf = db.prepare(
    'SELECT seq, first_delivery AS first, first_delivery + deliveries AS past FROM event WHERE account = ? AND id = ?',
  );
  const toDelivery = (row: DeliveryRow): Delivery => {
    const last = readAttempts(row.attempts).at(-1);
    const isInFlight = inFlight.has(row.seq);
    const { status, dueAt, settledAt } = savedState(row, isInFlight);
    return {
      seq: row.seq,
      id: deliveryId(row.seq),
      webhook: row.webhook,
      webhookId: row.webhook_id,
      url: row.url,
      eventId: row.event_id,
      eventType: row.event_type,
      status: isInFlight ? 'in_flight' : status,
      attemptsMade: row.attempts_made,
      createdAt: row.created_at,
      dueAt,
      settledAt,
      acknowledgedAt: row.acknowledged_at,
      redeliveryOf: row.redelivery_of === null ? null : deliveryId(row.redelivery_of),
      signature: row.signature ?? 'valid',
      lastOutcome: last?.outcome ?? null,
      lastError: last?.error ?? null,
      lastStatusCode: last?.response?.status ?? null,
      lastFault: last?.fault?.name ?? null,
    };
  };
  return {
    one: (seq) => (oneDelivery.get(seq) as unknown as DeliveryRow | undefined) ?? null,
    toDelivery,
    toListed: (row) => ({ ...toDelivery(row), eventBody: row.event_body }),
    ofEvent: (partition, id) => {
      const range = rangeOf.get(partition, id) as unknown as EventRange | undefined;
      return range === undefined ? null : [range.first, range.past, range.seq];
    },
  };
};

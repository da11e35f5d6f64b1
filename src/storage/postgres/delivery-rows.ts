/**
 * Rows of deliveries, and their conversion to the values of the port.
 *
 * @module
 */
import type { AccountKey, Delivery, SignatureMode, StoredEvent } from '../../domain/delivery.ts';
import { deliveryId, rowKey } from '../../domain/delivery-id.ts';
import { readAttempts } from '../rows/attempt-record.ts';
import { STATUS_CODES, STATUS_NAMES } from '../rows/status.ts';
import type { View } from './context.ts';
import { first, statement, type Session } from '../../postgres/session.ts';

export interface DeliveryRow extends Record<string, unknown> {
  readonly seq: number;
  readonly webhook: number;
  readonly webhook_id: string;
  readonly url: string;
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
  readonly body: Buffer | null;
  /** Serialised attempts, separated by commas. */
  readonly attempts: string | null;
}

export const SELECT_DELIVERY = `
  SELECT d.seq, d.event, d.webhook, d.status, d.attempts_made, d.created_at, d.due_at, d.settled_at,
    d.acknowledged_at, d.redelivery_of, d.signature, d.body,
    w.id AS webhook_id, w.url, e.id AS event_id, e.type AS event_type, e.body AS event_body,
    e.created_at AS event_created_at, d.attempts
  FROM delivery d JOIN webhook w ON w.key = d.webhook JOIN event e ON e.part = d.part AND e.seq = d.event`;

const ONE = statement(`${SELECT_DELIVERY} WHERE d.part = $1 AND d.seq = $2`);

/** @returns null if the number does not exist */
export const deliveryRow = async (
  session: Session,
  part: number,
  seq: number,
): Promise<DeliveryRow | null> => (await first<DeliveryRow>(session, ONE, [part, seq])) ?? null;

/** Numbers of an event, and of the deliveries that were published with it. */
export interface EventRange extends Record<string, unknown> {
  readonly seq: number;
  readonly first: number;
  readonly past: number;
}

const RANGE = statement(
  'SELECT seq, first_delivery AS first, first_delivery + deliveries AS past FROM event WHERE part = $1 AND id = $2',
);

/** @returns null if the account has no such event */
export const eventRange = async (
  session: Session,
  part: number,
  id: string,
): Promise<EventRange | null> => (await first<EventRange>(session, RANGE, [part, id])) ?? null;

/**
 * Selects the numbers of an event's deliveries: those published with it, and its redeliveries. A UNION of two ranges,
 * because one condition with OR would scan the whole account.
 *
 * @param at number of the first of four parameters: part, first, past, event
 */
export const ofEvent = (at: number): string => `
  SELECT seq FROM delivery WHERE part = $${at} AND seq >= $${at + 1} AND seq < $${at + 2}
  UNION ALL SELECT seq FROM delivery WHERE redelivery_of IS NOT NULL AND part = $${at} AND event = $${at + 3}`;

/** Whether a pending row is in flight, now or when the read began. */
const isFlying = (row: DeliveryRow, { claimed, flights }: View): boolean => {
  const flight = flights.all.get(row.seq) ?? claimed.get(row.seq);
  return row.status === STATUS_CODES.pending && flight?.attempt === row.attempts_made + 1;
};

export const toDelivery = (account: AccountKey, row: DeliveryRow, view: View): Delivery => {
  const last = readAttempts(row.attempts).at(-1);
  return {
    seq: rowKey(account, row.seq),
    id: deliveryId(row.seq),
    webhook: row.webhook,
    webhookId: row.webhook_id,
    url: row.url,
    eventId: row.event_id,
    eventType: row.event_type,
    status: isFlying(row, view) ? 'in_flight' : (STATUS_NAMES.get(row.status) ?? 'pending'),
    attemptsMade: row.attempts_made,
    createdAt: row.created_at,
    dueAt: row.due_at,
    settledAt: row.settled_at,
    acknowledgedAt: row.acknowledged_at,
    redeliveryOf: row.redelivery_of === null ? null : deliveryId(row.redelivery_of),
    signature: row.signature ?? 'valid',
    lastOutcome: last?.outcome ?? null,
    lastError: last?.error ?? null,
    lastStatusCode: last?.response?.status ?? null,
    lastFault: last?.fault?.name ?? null,
  };
};

/**
 * Objects that the memory store keeps. They reference each other, and each kind is created in one place so that all
 * objects of a kind have the same shape.
 *
 * @module
 */
import type { Account } from '../../domain/account.ts';
import type {
  AccountKey,
  Attempt,
  DeliveryStatus,
  Millis,
  SignatureMode,
  StoredEvent,
  Webhook,
} from '../../domain/delivery.ts';
import { deliveryId, rowKey } from '../../domain/delivery-id.ts';
import { afterRelease, type DeliveryUpdate } from '../../domain/delivery-transitions.ts';
import type { StoredCommand, StoredResponse } from '../store.ts';
import { createDueQueue, type DueQueue } from './due-queue.ts';

export interface EventEntry {
  /** Number within the account. */
  readonly number: number;
  readonly id: string;
  readonly type: StoredEvent['type'];
  readonly createdAt: Millis;
  readonly body: string;
  /** Number of the first delivery that was published with the event; the others follow it. */
  readonly firstDelivery: number;
  /** Number of deliveries that were published with the event. */
  readonly deliveries: number;
  /** Later deliveries of the event; null without redeliveries. */
  redeliveries: DeliveryEntry[] | null;
}

export interface DeliveryEntry {
  /** Number within the account. */
  readonly number: number;
  readonly event: EventEntry;
  readonly webhook: WebhookEntry;
  status: DeliveryStatus;
  attemptsMade: number;
  readonly createdAt: Millis;
  dueAt: Millis | null;
  settledAt: Millis | null;
  acknowledgedAt: Millis | null;
  /** Number of the delivery that this one repeats. */
  readonly redeliveryOf: number | null;
  readonly signature: SignatureMode | null;
  readonly body: string | null;
  attempts: readonly Attempt[];
}

/** Events with a dead delivery. Sorted and cleared of stale entries only when they are read. */
export interface DeadEvents {
  events: EventEntry[];
  /** Whether `events` is sorted by number. */
  inOrder: boolean;
  /** Upper bound of the entries in `events` that have no dead delivery. */
  stale: number;
}

export interface WebhookEntry {
  readonly data: AccountData;
  webhook: Webhook;
  deletedAt: Millis | null;
  /** Pending deliveries. */
  readonly due: DueQueue<DeliveryEntry>;
  readonly dead: DeadEvents;
}

export interface ResponseEntry extends StoredResponse {
  /** Real time. */
  readonly storedAt: Millis;
}

/** Everything that belongs to an account; a reset or an import replaces it as a whole. */
export interface AccountData {
  readonly account: AccountKey;
  /** Webhooks by id, oldest first, including deleted ones. */
  readonly webhooks: Map<string, WebhookEntry>;
  readonly events: EventEntry[];
  /** Null without events. */
  eventsById: Map<string, EventEntry> | null;
  readonly deliveries: DeliveryEntry[];
  /** Number of deliveries by status. */
  readonly tally: Record<DeliveryStatus, number>;
  /** Stored responses by `Idempotency-Key`, oldest first; null without responses. */
  responses: Map<string, ResponseEntry> | null;
  /** Commands to the account's campaigns. */
  readonly commands: StoredCommand[];
  /** Number of campaign events emitted so far. */
  emitted: number;
  nextEvent: number;
  nextDelivery: number;
}

export interface AccountEntry {
  account: Account;
  data: AccountData;
}

/**
 * Creates an empty account.
 *
 * @param nextEvent number of the next event; after a reset, numbers are not reused
 * @param nextDelivery number of the next delivery
 */
export const createAccountData = (
  account: AccountKey,
  nextEvent = 1,
  nextDelivery = 1,
): AccountData => ({
  account,
  webhooks: new Map(),
  events: [],
  eventsById: null,
  deliveries: [],
  tally: { pending: 0, in_flight: 0, delivered: 0, dead: 0, acknowledged: 0, cancelled: 0 },
  responses: null,
  commands: [],
  emitted: 0,
  nextEvent,
  nextDelivery,
});

/** Creates a webhook without deliveries. */
export const createWebhookEntry = (
  data: AccountData,
  webhook: Webhook,
  deletedAt: Millis | null,
): WebhookEntry => ({
  data,
  webhook,
  deletedAt,
  due: createDueQueue(),
  dead: { events: [], inOrder: true, stale: 0 },
});

/** Shared by all deliveries without attempts. */
export const NO_ATTEMPTS: readonly Attempt[] = [];

/** The delivery's key in the port. */
export const keyOf = (delivery: DeliveryEntry): number =>
  rowKey(delivery.webhook.data.account, delivery.number);

/** The delivery's id, `dlv_…`. */
export const idOf = (delivery: DeliveryEntry): string => deliveryId(keyOf(delivery));

/** Changes a delivery's status and the account's tally. */
export const setStatus = (delivery: DeliveryEntry, status: DeliveryStatus): void => {
  const { tally } = delivery.webhook.data;
  tally[delivery.status] -= 1;
  tally[status] += 1;
  delivery.status = status;
};

/** Applies an update, and queues the delivery if it is pending. It must not be queued already. */
export const applyUpdate = (
  delivery: DeliveryEntry,
  { status, dueAt, settledAt }: DeliveryUpdate,
): void => {
  setStatus(delivery, status);
  delivery.dueAt = dueAt;
  delivery.settledAt = settledAt;
  if (status === 'pending') delivery.webhook.due.push(delivery);
};

/** Returns a claim: the delivery is pending again, or cancelled if its webhook was deleted meanwhile. */
export const returnToQueue = (delivery: DeliveryEntry): void =>
  applyUpdate(delivery, afterRelease(delivery.dueAt, delivery.webhook.deletedAt));

/** Returns all claims of an account. @returns how many there were */
export const returnAllToQueue = ({ tally, deliveries }: AccountData): number => {
  const claimed = tally.in_flight;
  if (claimed === 0) return 0;
  for (const delivery of deliveries) {
    if (delivery.status === 'in_flight') returnToQueue(delivery);
  }
  return claimed;
};

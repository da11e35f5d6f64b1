/**
 * What is kept in memory: objects that point at each other, made in one place each so that they are all of one shape.
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
import type { StoredAnswer, StoredCommand } from '../store.ts';
import { createDueQueue, type DueQueue } from './due-queue.ts';

export interface EventRecord {
  /** Within its account. */
  readonly number: number;
  readonly id: string;
  readonly type: StoredEvent['type'];
  readonly createdAt: Millis;
  readonly body: string;
  /** The deliveries that it was published with are numbered from here on … */
  readonly firstDelivery: number;
  /** … and so many. */
  readonly deliveries: number;
  /** Those that were asked for later. */
  again: DeliveryRecord[] | null;
}

export interface DeliveryRecord {
  /** Within its account. */
  readonly number: number;
  readonly event: EventRecord;
  readonly webhook: WebhookRecord;
  status: DeliveryStatus;
  attemptsMade: number;
  readonly createdAt: Millis;
  dueAt: Millis | null;
  settledAt: Millis | null;
  acknowledgedAt: Millis | null;
  /** Number of the one that it repeats. */
  readonly redeliveryOf: number | null;
  readonly signature: SignatureMode | null;
  readonly body: string | null;
  attempts: readonly Attempt[];
}

/** Events with a dead delivery, and some that had one: looked through and put in order when they are read. */
export interface DeadEvents {
  events: EventRecord[];
  inOrder: boolean;
  /** How many may be there in vain. */
  stale: number;
}

export interface WebhookRecord {
  readonly home: Home;
  webhook: Webhook;
  deletedAt: Millis | null;
  /** What waits, without what is in flight. */
  readonly due: DueQueue<DeliveryRecord>;
  readonly dead: DeadEvents;
}

export interface AnswerRecord extends StoredAnswer {
  readonly rememberedAt: Millis;
}

/** What an account has, replaced as a whole by a reset or a load. */
export interface Home {
  readonly account: AccountKey;
  /** By id, in the order in which they came; deleted ones too. */
  readonly webhooks: Map<string, WebhookRecord>;
  readonly events: EventRecord[];
  readonly eventsById: Map<string, EventRecord>;
  readonly deliveries: DeliveryRecord[];
  /** Deliveries by status. */
  readonly tally: Record<DeliveryStatus, number>;
  readonly answers: Map<string, AnswerRecord>;
  /** Of its campaigns. */
  readonly commands: StoredCommand[];
  /** Events of its campaigns that have come out. */
  emitted: number;
  nextEvent: number;
  nextDelivery: number;
}

export interface AccountRecord {
  account: Account;
  home: Home;
}

/** @param nextEvent numbers of what is gone are not used again */
export const createHome = (account: AccountKey, nextEvent = 1, nextDelivery = 1): Home => ({
  account,
  webhooks: new Map(),
  events: [],
  eventsById: new Map(),
  deliveries: [],
  tally: { pending: 0, in_flight: 0, delivered: 0, dead: 0, acknowledged: 0, cancelled: 0 },
  answers: new Map(),
  commands: [],
  emitted: 0,
  nextEvent,
  nextDelivery,
});

export const createWebhookRecord = (
  home: Home,
  webhook: Webhook,
  deletedAt: Millis | null,
): WebhookRecord => ({
  home,
  webhook,
  deletedAt,
  due: createDueQueue(),
  dead: { events: [], inOrder: true, stale: 0 },
});

/** Shared by all that have none. */
export const NO_ATTEMPTS: readonly Attempt[] = [];

export const keyOf = (delivery: DeliveryRecord): number =>
  rowKey(delivery.webhook.home.account, delivery.number);

export const idOf = (delivery: DeliveryRecord): string => deliveryId(keyOf(delivery));

/** Gives it another status, and counts it there. */
export const move = (delivery: DeliveryRecord, status: DeliveryStatus): void => {
  const { tally } = delivery.webhook.home;
  tally[delivery.status] -= 1;
  tally[status] += 1;
  delivery.status = status;
};

/** It will not be attempted any more. */
export const settle = (
  delivery: DeliveryRecord,
  status: 'delivered' | 'dead' | 'cancelled',
  at: Millis | null,
): void => {
  move(delivery, status);
  delivery.dueAt = null;
  delivery.settledAt = at;
};

/** Takes back what was in flight, as it was; for a webhook that went meanwhile it does not wait again. */
export const giveBack = (delivery: DeliveryRecord): void => {
  const { deletedAt, due } = delivery.webhook;
  if (deletedAt !== null) {
    settle(delivery, 'cancelled', deletedAt);
    return;
  }
  move(delivery, 'pending');
  due.push(delivery);
};

/**
 * Turns events into rows to deliver. The envelope is built and serialised here, once.
 *
 * @module
 */
import type {
  AccountKey,
  Delivery,
  Millis,
  StoredEvent,
  Webhook,
  WebhookKey,
} from '../domain/delivery.ts';
import { deliveryId } from '../domain/delivery-id.ts';
import { eventExists, webhookNotFound, webhookPaused } from '../domain/problems.ts';
import { toMoment, toProviderTime } from '../domain/time.ts';
import type { Claim, NewDelivery, NewEvent, Store } from '../storage/store.ts';
import type { EventBus } from './event-bus.ts';
import type { FaultRules } from './faults/rules.ts';
import type { Published } from './engine.ts';
import type { EventToPublish } from './event-source.ts';
import type { Dispatcher } from './dispatch/dispatcher-types.ts';

interface Plan {
  readonly rows: readonly NewEvent[];
  /** The webhooks that receive a delivery, by key. */
  readonly receivers: ReadonlyMap<WebhookKey, Webhook>;
}

/** Whether the webhook is active and subscribes to the type. */
export const subscribes = (webhook: Webhook, type: StoredEvent['type']): boolean =>
  webhook.status === 'active' && webhook.events.some((event) => event === '*' || event === type);

/** @throws {Problem} `WEBHOOK_NOT_FOUND`, `WEBHOOK_PAUSED` for a request that names its webhook */
export const receiversOf = (
  request: EventToPublish,
  webhooks: readonly Webhook[],
): readonly Webhook[] => {
  const { webhookId } = request;
  if (webhookId === undefined)
    return webhooks.filter((webhook) => subscribes(webhook, request.event));
  const named = webhooks.find(({ id }) => id === webhookId);
  if (named === undefined) throw webhookNotFound(webhookId);
  if (named.status === 'paused') throw webhookPaused(webhookId);
  return [named];
};

/** Serialise an envelope as it is sent, with its fields in the order of the provider's guide. */
export const serialise = ({
  event,
  id,
  timestamp,
  data,
}: EventToPublish & { id: string; timestamp: string }): string =>
  JSON.stringify({ event, id, timestamp, data });

const eventOf = (
  request: EventToPublish,
  now: Millis,
  time: string,
  newId: () => string,
): StoredEvent => {
  const id = request.id ?? newId();
  const { event, at, timestamp = at === undefined ? time : toProviderTime(at) } = request;
  const body = serialise({ ...request, id, timestamp });
  return { id, type: event, createdAt: at ?? now, body };
};

const plan = (
  requests: readonly EventToPublish[],
  { webhooks, now, newEventId, dispatcher, faults }: PublishContext,
): Plan => {
  const time = toProviderTime(now);
  const receivers = new Map<WebhookKey, Webhook>();
  const chosen = requests.map((request) => receiversOf(request, webhooks));
  const rows = requests.map((request, index): NewEvent => {
    const event = eventOf(request, now, time, newEventId);
    const deliveries: NewDelivery[] = [];
    for (const webhook of chosen[index] ?? []) {
      receivers.set(webhook.key, webhook);
      const fault = faults.active() ? faults.decide(event.type, webhook.id, event.createdAt) : null;
      // Keyed by event, because the delivery has no id yet.
      if (fault !== null) faults.keep(webhook.key, event.id, fault);
      const dueAt = toMoment(event.createdAt + (fault?.holdMs ?? 0));
      const claimed = dueAt <= now && dispatcher.reserve(webhook.key);
      deliveries.push({ webhook: webhook.key, dueAt, claimed });
    }
    return { event, deliveries };
  });
  return { rows, receivers };
};

/** The deliveries of a stored plan, in their state before the first attempt. */
const describe = ({ rows, receivers }: Plan, keys: readonly number[]): Delivery[] => {
  let next = 0;
  return rows.flatMap(({ event, deliveries }) =>
    deliveries.map(({ webhook, dueAt }) => {
      const seq = keys[next++] ?? 0;
      return {
        seq,
        id: deliveryId(seq),
        webhook,
        webhookId: receivers.get(webhook)?.id ?? '',
        url: receivers.get(webhook)?.url ?? '',
        eventId: event.id,
        eventType: event.type,
        status: 'pending',
        attemptsMade: 0,
        createdAt: event.createdAt,
        dueAt,
        settledAt: null,
        acknowledgedAt: null,
        redeliveryOf: null,
        signature: 'valid',
        lastOutcome: null,
        lastError: null,
        lastStatusCode: null,
        lastFault: null,
      };
    }),
  );
};

/** Pass the deliveries with a reserved place to the dispatcher, and announce the due times of the others. */
const dispatch = async (
  { rows }: Plan,
  keys: readonly number[],
  { account, dispatcher }: PublishContext,
): Promise<void> => {
  const claims: Claim[] = [];
  let next = 0;
  for (const { event, deliveries } of rows) {
    for (const { webhook, dueAt, claimed } of deliveries) {
      const delivery = keys[next++] ?? 0;
      if (!claimed) {
        dispatcher.planned(webhook, dueAt);
        continue;
      }
      const { id: eventId, type: eventType, body } = event;
      claims.push({
        delivery,
        account,
        webhook,
        eventId,
        eventType,
        body,
        signature: 'valid',
        attempt: 1,
        dueAt,
      });
    }
  }
  await dispatcher.accept(claims);
};

const announce = (bus: EventBus, { rows }: Plan, keys: readonly number[]): void => {
  let from = 0;
  for (const { event, deliveries } of rows) {
    const ids = keys.slice(from, (from += deliveries.length)).map(deliveryId);
    bus.emit({ type: 'event.published', event, deliveries: ids });
  }
};

const reservedIn = ({ rows }: Plan): WebhookKey[] =>
  rows.flatMap(({ deliveries }) =>
    deliveries.filter(({ claimed }) => claimed).map(({ webhook }) => webhook),
  );

export interface PublishContext {
  readonly account: AccountKey;
  readonly webhooks: readonly Webhook[];
  readonly now: Millis;
  readonly store: Pick<Store, 'publish'>;
  readonly dispatcher: Dispatcher;
  readonly faults: FaultRules;
  readonly bus: EventBus;
  newEventId(this: void): string;
}

/**
 * Publish atomically. The events are durable when it resolves.
 *
 * @param emitted number of events of the account's event source emitted so far, stored in the same transaction
 * @returns `duplicateId` if the account already has an event with that id; then nothing was published
 */
export const publishUnlessDuplicate = async (
  requests: readonly EventToPublish[],
  context: PublishContext,
  emitted?: number,
): Promise<Published | { readonly duplicateId: string }> => {
  const { account, store, dispatcher, bus } = context;
  const planned = plan(requests, context);
  const stored = await store.publish(account, planned.rows, emitted).catch((error: unknown) => {
    dispatcher.unreserve(reservedIn(planned));
    throw error;
  });
  if (stored.duplicateId !== null) {
    dispatcher.unreserve(reservedIn(planned));
    return { duplicateId: stored.duplicateId };
  }
  const keys = stored.deliveries;
  if (bus.hasSubscribers()) announce(bus, planned, keys);
  await dispatch(planned, keys, context);
  return {
    events: planned.rows.map(({ event }) => event),
    // Computed on access, because most callers do not need it.
    get deliveries() {
      return describe(planned, keys);
    },
    missing: 0,
  };
};

/**
 * As {@link publishUnlessDuplicate}, but rejects on a duplicate id.
 *
 * @throws {Problem} `EVENT_EXISTS`
 */
export const publish = async (
  requests: readonly EventToPublish[],
  context: PublishContext,
): Promise<Published> => {
  const published = await publishUnlessDuplicate(requests, context);
  if ('duplicateId' in published) throw eventExists(published.duplicateId);
  return published;
};

/**
 * Dead letters, by event. A deleted webhook has none.
 *
 * @module
 */
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import type { DeadLetter, HistoryStore } from '../store.ts';
import {
  setStatus,
  type DeadEvents,
  type DeliveryEntry,
  type EventEntry,
  type WebhookEntry,
} from './entries.ts';
import { countBelow } from './sorted-rows.ts';
import { dataOf, liveWebhook, type State } from './state.ts';
import { deliveriesOf, toDelivery, toStoredEvent } from './views.ts';

type DeadLetterPart = Pick<HistoryStore, 'listDeadLetters' | 'getDeadLetter' | 'acknowledge'>;

/** Notes that a delivery of this event is dead. */
export const addDeadEvent = ({ dead }: WebhookEntry, event: EventEntry): void => {
  const { events } = dead;
  const last = events.length > 0 ? events[events.length - 1] : undefined;
  if (last !== undefined && last.number >= event.number) dead.inOrder = false;
  events.push(event);
};

/** Deliveries of an event to a webhook that have one of these statuses, newest last. */
const deliveriesWithStatus = (
  webhook: WebhookEntry,
  event: EventEntry,
  ...statuses: readonly DeliveryStatus[]
): DeliveryEntry[] =>
  deliveriesOf(webhook.data, event).filter(
    (delivery) => delivery.webhook === webhook && statuses.includes(delivery.status),
  );

/** Sorts and deduplicates the dead events, and removes stale entries once they are more than half. */
const compactDeadEvents = (webhook: WebhookEntry): DeadEvents => {
  const { dead } = webhook;
  if (dead.inOrder && dead.stale * 2 <= dead.events.length) return dead;
  dead.events = [...new Set(dead.events)]
    .filter((event) => deliveriesWithStatus(webhook, event, 'dead').length > 0)
    .toSorted((a, b) => a.number - b.number);
  dead.inOrder = true;
  dead.stale = 0;
  return dead;
};

const toDeadLetter = (delivery: DeliveryEntry | undefined): DeadLetter | null => {
  if (delivery === undefined) return null;
  const { event, webhook } = delivery;
  return {
    seq: rowKey(webhook.data.account, event.number),
    event: toStoredEvent(event),
    delivery: toDelivery(delivery),
  };
};

const findDeadLetter = (webhook: WebhookEntry | null, eventId: string): DeadLetter | null => {
  const event = webhook?.data.eventsById?.get(eventId);
  if (webhook === null || event === undefined) return null;
  return toDeadLetter(deliveriesWithStatus(webhook, event, 'dead', 'acknowledged').at(-1));
};

export const createDeadLetters = (state: State): DeadLetterPart => ({
  listDeadLetters: async (account, key, { limit, after }) => {
    const webhook = liveWebhook(state, account, key);
    if (webhook === null) return [];
    const { events } = compactDeadEvents(webhook);
    const letters: DeadLetter[] = [];
    const from = Math.max((after ?? 0) - rowKey(account, 0), 0);
    for (let at = countBelow(events, from + 1); at < events.length; at += 1) {
      if (letters.length >= limit) break;
      const event = events[at] as EventEntry;
      const letter = toDeadLetter(deliveriesWithStatus(webhook, event, 'dead').at(-1));
      if (letter !== null) letters.push(letter);
    }
    return letters;
  },
  getDeadLetter: async (account, key, eventId) =>
    findDeadLetter(liveWebhook(state, account, key), eventId),
  acknowledge: async (account, key, eventId, now) => {
    const webhook = liveWebhook(state, account, key);
    const event = dataOf(state, account).eventsById?.get(eventId);
    if (webhook === null || event === undefined) return null;
    for (const delivery of deliveriesWithStatus(webhook, event, 'dead')) {
      setStatus(delivery, 'acknowledged');
      delivery.acknowledgedAt = now;
      webhook.dead.stale += 1;
    }
    return findDeadLetter(webhook, eventId);
  },
});

/**
 * Deliveries that no attempt got through, by event. A webhook that is gone has none.
 *
 * @module
 */
import type { DeliveryStatus } from '../../domain/delivery.ts';
import { rowKey } from '../../domain/delivery-id.ts';
import type { DeadLetter, HistoryStore } from '../store.ts';
import {
  move,
  type DeadEvents,
  type DeliveryRecord,
  type EventRecord,
  type WebhookRecord,
} from './records.ts';
import { countBelow } from './sorted-rows.ts';
import { homeOf, liveWebhook, type State } from './state.ts';
import { deliveriesOf, toDelivery, toStoredEvent } from './views.ts';

type DeadLetterPart = Pick<HistoryStore, 'listDeadLetters' | 'getDeadLetter' | 'acknowledge'>;

/** A delivery of this event has died. */
export const addDead = ({ dead }: WebhookRecord, event: EventRecord): void => {
  const { events } = dead;
  const last = events.length > 0 ? events[events.length - 1] : undefined;
  if (last !== undefined && last.number >= event.number) dead.inOrder = false;
  events.push(event);
};

/** Deliveries of an event to a webhook, of some statuses, newest last. */
const chosen = (
  webhook: WebhookRecord,
  event: EventRecord,
  ...statuses: readonly DeliveryStatus[]
): DeliveryRecord[] =>
  deliveriesOf(webhook.home, event).filter(
    (one) => one.webhook === webhook && statuses.includes(one.status),
  );

/** Dead events in order, each once. */
const tidy = (webhook: WebhookRecord): DeadEvents => {
  const { dead } = webhook;
  if (dead.inOrder && dead.stale * 2 <= dead.events.length) return dead;
  dead.events = [...new Set(dead.events)]
    .filter((event) => chosen(webhook, event, 'dead').length > 0)
    .toSorted((a, b) => a.number - b.number);
  dead.inOrder = true;
  dead.stale = 0;
  return dead;
};

export const createDeadLetters = (state: State): DeadLetterPart => {
  const letterOf = (delivery: DeliveryRecord | undefined): DeadLetter | null => {
    if (delivery === undefined) return null;
    const { event, webhook } = delivery;
    return {
      seq: rowKey(webhook.home.account, event.number),
      event: toStoredEvent(event),
      delivery: toDelivery(delivery),
    };
  };
  const find = (webhook: WebhookRecord | null, eventId: string): DeadLetter | null => {
    const event = webhook?.home.eventsById.get(eventId);
    if (webhook === null || event === undefined) return null;
    return letterOf(chosen(webhook, event, 'dead', 'acknowledged').at(-1));
  };
  return {
    listDeadLetters: async (account, key, { limit, after }) => {
      const webhook = liveWebhook(state, account, key);
      if (webhook === null) return [];
      const { events } = tidy(webhook);
      const letters: DeadLetter[] = [];
      const from = Math.max((after ?? 0) - rowKey(account, 0), 0);
      for (let at = countBelow(events, from + 1); at < events.length; at += 1) {
        if (letters.length >= limit) break;
        const letter = letterOf(chosen(webhook, events[at] as EventRecord, 'dead').at(-1));
        if (letter !== null) letters.push(letter);
      }
      return letters;
    },
    getDeadLetter: async (account, key, eventId) => find(liveWebhook(state, account, key), eventId),
    acknowledge: async (account, key, eventId, now) => {
      const webhook = liveWebhook(state, account, key);
      const event = homeOf(state, account).eventsById.get(eventId);
      if (webhook === null || event === undefined) return null;
      for (const delivery of chosen(webhook, event, 'dead')) {
        move(delivery, 'acknowledged');
        delivery.acknowledgedAt = now;
        webhook.dead.stale += 1;
      }
      return find(webhook, eventId);
    },
  };
};

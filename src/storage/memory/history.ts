/**
 * Lists and lookups of events and deliveries. Reads only.
 *
 * @module
 */
import { deliveryKey, rowKey, ROW_NUMBERS } from '../../domain/delivery-id.ts';
import { nextTurn } from '../../domain/event-loop.ts';
import type { EventRow, HistoryStore, Page } from '../store.ts';
import type { DeliveryEntry, EventEntry } from './entries.ts';
import { countBelow } from './sorted-rows.ts';
import { deliveryAt, dataOf, type State } from './state.ts';
import { deliveriesOf, toDelivery, toStoredEvent } from './views.ts';

type History = Pick<HistoryStore, 'listEvents' | 'getEvent' | 'listDeliveries' | 'getDelivery'>;

/** Rows to search before yielding to the event loop, about 5 ms. */
const ROWS_PER_SEARCH = 65_536;

/** The newest rows before the end of the page that match. */
const pageOf = async <Row extends { readonly number: number }>(
  rows: readonly Row[],
  account: number,
  { limit, after }: Page,
  matches: (row: Row) => boolean,
): Promise<Row[]> => {
  const page: Row[] = [];
  const end = after === undefined ? ROW_NUMBERS : after - rowKey(account, 0);
  let searched = 0;
  for (let at = countBelow(rows, end) - 1; at >= 0 && page.length < limit; at -= 1) {
    const row = rows[at] as Row;
    if (matches(row)) page.push(row);
    searched += 1;
    if (searched % ROWS_PER_SEARCH > 0) continue;
    await nextTurn();
    // Rows may have been removed meanwhile.
    at = countBelow(rows, row.number);
  }
  return page;
};

export const createHistory = (state: State): History => {
  const toRow = (account: number, event: EventEntry): EventRow => ({
    seq: rowKey(account, event.number),
    ...toStoredEvent(event),
  });
  return {
    listEvents: async (account, { event: type }, page) => {
      const matches = (event: EventEntry): boolean => type === undefined || event.type === type;
      const found = await pageOf(dataOf(state, account).events, account, page, matches);
      return found.map((event) => toRow(account, event));
    },
    getEvent: async (account, id) => {
      const event = dataOf(state, account).eventsById?.get(id);
      return event === undefined ? null : toRow(account, event);
    },

    listDeliveries: async (account, { status, event: type, webhookId, eventId }, page) => {
      const data = dataOf(state, account);
      const webhook = webhookId === undefined ? undefined : data.webhooks.get(webhookId);
      if (webhook === undefined && webhookId !== undefined) return [];
      const event = eventId === undefined ? undefined : data.eventsById?.get(eventId);
      if (event === undefined && eventId !== undefined) return [];
      const rows = event === undefined ? data.deliveries : deliveriesOf(data, event);
      const matches = (one: DeliveryEntry): boolean =>
        (status === undefined || one.status === status) &&
        (type === undefined || one.event.type === type) &&
        (webhook === undefined || one.webhook === webhook);
      const found = await pageOf(rows, account, page, matches);
      return found.map((one) => ({ ...toDelivery(one), eventBody: one.event.body }));
    },
    getDelivery: async (account, id) => {
      const key = deliveryKey(account, id);
      const delivery = key === null ? undefined : deliveryAt(state, key);
      if (delivery === undefined) return null;
      return {
        ...toDelivery(delivery),
        body: delivery.body ?? delivery.event.body,
        attempts: delivery.attempts,
      };
    },
  };
};

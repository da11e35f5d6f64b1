/**
 * One page of the list of deliveries: what the store can look up is looked up, the rest of a filter is tried row by row.
 * A search is bounded twice: it yields to the event loop after each slice, and answers after `MAX_COMPARED` rows, with a
 * cursor to go on from.
 *
 * @module
 */
import type { DeliveryQuery } from '../../../schemas/sandbox.ts';
import { indexedPart, matches, parseFilter, type Filter } from '../../deliveries/filter.ts';
import type { AccountKey } from '../../domain/delivery.ts';
import { createPace, nextTurn } from '../../domain/event-loop.ts';
import { validationFailed } from '../../domain/problems.ts';
import type { ListedDelivery, Store } from '../../storage/store.ts';
import { cursorAt, DEFAULT_LIMIT, positionOf, type Page } from '../query.ts';
import { listedDeliveryView } from '../view.ts';

/** Rows that one request compares with a filter. */
const MAX_COMPARED = 5000;
/** Rows to read at once, about 3 ms. */
const MAX_ROWS = 256;
/** Before the size of the rows is known. */
const FIRST_ROWS = 16;
/** Characters of events to read at once: a row's event may have a million. */
const MAX_CHARACTERS = 524_288;

export interface Search extends Page {
  /** How far the search has come; null without a filter. */
  readonly progress: { readonly searched: number; readonly total: number } | null;
}

const filterOf = (text: string | undefined): Filter => {
  const filter = parseFilter(text ?? '');
  const [problem] = filter.problems;
  if (problem !== undefined) throw validationFailed(`Invalid filter. ${problem}`);
  return filter;
};

/** Steps that comparing a row may take: those of wildcards are a product of lengths. */
const costOf = ({ text }: Filter, { url, lastError, eventBody }: ListedDelivery): number =>
  eventBody.length +
  (text.includes('*') ? text.length * (url.length + (lastError ?? '').length + 200) : 0);

/** Number of deliveries down to the last one of a page. They are numbered without gaps. */
const progressOf = async (
  store: Store,
  account: AccountKey,
  last: number | null,
): Promise<NonNullable<Search['progress']>> => {
  const { deliveries } = await store.counts(account);
  const total = Object.values(deliveries).reduce((sum, count) => sum + count, 0);
  const [newest] = last === null ? [] : await store.listDeliveries(account, {}, { limit: 1 });
  const searched = newest === undefined || last === null ? total : newest.seq - last + 1;
  return { searched: Math.min(searched, total), total };
};

/** Matching rows as JSON, from the one after `cursor` on; `last` is the row to go on from, null at the end. */
const compareRows = async (
  store: Store,
  account: AccountKey,
  query: DeliveryQuery,
  filter: Filter,
): Promise<{ items: string[]; last: number | null }> => {
  const { limit = DEFAULT_LIMIT, webhook_id: webhookId, event_id: eventId } = query;
  const indexed = indexedPart(filter);
  const looked = {
    status: query.status ?? indexed.status,
    event: query.event ?? indexed.event,
    webhookId,
    eventId,
  };
  const read = (count: number, after: number | undefined) =>
    store.listDeliveries(account, looked, { limit: count, after });
  const isSliceFull = createPace();
  const items: string[] = [];
  let after = query.cursor === undefined ? undefined : positionOf(query.cursor);
  let compared = 0;
  // Without a filter, every row is an item.
  const rowsWanted = (): number =>
    filter.terms.length === 0 ? limit + 1 - items.length : MAX_COMPARED - compared;
  let count = Math.min(FIRST_ROWS, rowsWanted());
  for (;;) {
    const rows = await read(count, after);
    let characters = 0;
    for (const [index, row] of rows.entries()) {
      if (isSliceFull(costOf(filter, row))) await nextTurn();
      characters += row.eventBody.length;
      after = row.seq;
      compared += 1;
      const view = listedDeliveryView(row);
      if (matches(filter, view)) items.push(JSON.stringify(view));
      if (items.length < limit && compared < MAX_COMPARED) continue;
      const hasMore =
        index + 1 < rows.length || (rows.length === count && (await read(1, after)).length > 0);
      return { items, last: hasMore ? row.seq : null };
    }
    if (rows.length < count) return { items, last: null };
    const fitting = Math.floor((count * MAX_CHARACTERS) / Math.max(characters, 1));
    count = Math.max(1, Math.min(fitting, MAX_ROWS, rowsWanted()));
    await nextTurn();
  }
};

/** @throws {Problem} for an invalid filter */
export const searchDeliveries = async (
  store: Store,
  account: AccountKey,
  query: DeliveryQuery,
): Promise<Search> => {
  const filter = filterOf(query.filter);
  const { items, last } = await compareRows(store, account, query, filter);
  const nextCursor = last === null ? null : cursorAt(last);
  const progress = query.filter === undefined ? null : await progressOf(store, account, last);
  return { items, nextCursor, progress };
};

/**
 * The list of deliveries: pages of the API, kept up to date by the stream.
 *
 * @module
 */
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import type { WebhookEvent } from '../../../schemas/events.ts';
import type { AccountEvent, Delivery } from '../../../schemas/sandbox.ts';
import { matches, parseFilter, serverFilter } from '../model/filter.ts';
import { announced, attempted, leadOf, type Row } from '../model/row.ts';
import { query, route } from './location.ts';
import { isPaused, onEvents, onReload } from './live.ts';
import { client, connection, messageOf } from './session.ts';

/** Rows kept in memory. Older ones are read again from the API. */
const MAX_ROWS = 20_000;
const PAGE = 100;
const REFRESH_MS = 400;

const rows = signal<readonly Row[]>([]);
export const allRows = computed(() => rows.value);
/** Cursor of the next page; null after the last one. */
const cursor = signal<string | null>(null);
export const isLoading = signal(true);
export const loadError = signal<string | null>(null);
export const hasMore = computed(() => cursor.value !== null);
export const loadedCount = computed(() => rows.value.length);

export const filterText = computed(() =>
  route.value.view === 'deliveries' ? (query.value['q'] ?? '') : '',
);
export const filter = computed(() => parseFilter(filterText.value));
/** True to mark matching rows instead of hiding the others. */
export const isHighlighting = computed(() => query.value['mark'] === '1');

const matching = computed(() => rows.value.filter((row) => matches(filter.value, row)));
export const matchCount = computed(() => matching.value.length);
export const shown = computed(() => (isHighlighting.value ? rows.value : matching.value));
export const marked = computed(
  () =>
    new Set(
      isHighlighting.value && filter.value.terms.length > 0
        ? matching.value.map(({ delivery }) => delivery.id)
        : [],
    ),
);

const leads = new Map<string, string | null>();
const remember = (events: readonly WebhookEvent[]): void => {
  if (leads.size > MAX_ROWS * 2) leads.clear();
  for (const event of events) leads.set(event.id, leadOf(event));
};

const listed = (delivery: Delivery, known: Row | undefined): Row => ({
  delivery,
  lead: leads.get(delivery.event_id) ?? known?.lead,
  fault: known?.fault ?? null,
  isPartial: false,
});

/** Rows of a page replace known ones; unknown ones go to the front or to the end. */
const merge = (page: readonly Delivery[], at: 'front' | 'end'): void => {
  const known = new Map(rows.value.map((row) => [row.delivery.id, row]));
  const fresh = page.map((delivery) => listed(delivery, known.get(delivery.id)));
  const ids = new Set(page.map(({ id }) => id));
  const rest = rows.value.filter(({ delivery }) => !ids.has(delivery.id));
  if (at === 'end') {
    rows.value = [...rest, ...fresh];
    return;
  }
  // What stands before the first row of the page arrived after the page was read.
  const shared = rows.value.findIndex(({ delivery }) => ids.has(delivery.id));
  const newer = shared === -1 ? [] : rows.value.slice(0, shared);
  const older = rest.slice(newer.length);
  rows.value = [...newer, ...fresh, ...older].slice(0, MAX_ROWS);
};

const serverQuery = computed(() => {
  const { status, event } = isHighlighting.value
    ? { status: undefined, event: undefined }
    : serverFilter(filter.value);
  return JSON.stringify({ status, event });
});

let generation = 0;

const readPage = async (from: string | null) => {
  const wanted = JSON.parse(serverQuery.peek()) as { event?: string };
  const api = client.peek();
  const deliveries = api.deliveries.list({ ...wanted, limit: PAGE });
  const events = api.events.list({ event: wanted.event, limit: PAGE });
  const [page, firstEvents] = await Promise.all([
    deliveries.page(from ?? undefined),
    from === null ? events.page() : null,
  ]);
  if (firstEvents !== null) remember(firstEvents.items);
  return page;
};

/** Read the list from the start. */
const loadFirst = async (): Promise<void> => {
  generation += 1;
  const mine = generation;
  isLoading.value = true;
  try {
    const page = await readPage(null);
    if (mine !== generation) return;
    batch(() => {
      rows.value = page.items.map((delivery) => listed(delivery, undefined));
      cursor.value = page.nextCursor;
      loadError.value = null;
      isLoading.value = false;
    });
  } catch (error) {
    if (mine !== generation) return;
    batch(() => {
      isLoading.value = false;
      if (connection.peek() === 'live') loadError.value = messageOf(error);
    });
  }
};

/** Read the next page, if there is one. */
export const loadMore = async (): Promise<void> => {
  const from = cursor.peek();
  if (from === null || isLoading.peek() || rows.peek().length >= MAX_ROWS) return;
  const mine = generation;
  isLoading.value = true;
  try {
    const page = await readPage(from);
    if (mine !== generation) return;
    batch(() => {
      merge(page.items, 'end');
      cursor.value = page.nextCursor;
    });
  } catch (error) {
    loadError.value = messageOf(error);
  } finally {
    isLoading.value = false;
  }
};

let refreshing: ReturnType<typeof setTimeout> | undefined;
/** Complete rows of which the stream has told only part. */
const refreshSoon = (): void => {
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    const mine = generation;
    readPage(null).then(
      ({ items }) => {
        if (mine === generation && !isPaused.peek()) merge(items, 'front');
      },
      () => undefined,
    );
  }, REFRESH_MS);
};

const apply = (events: readonly AccountEvent[]): void => {
  const known = new Map(rows.peek().map((row) => [row.delivery.id, row]));
  const added = new Map<string, Row>();
  const changed = new Map<string, Row>();
  const update = (id: string, change: (row: Row) => Row): boolean => {
    const row = added.get(id) ?? changed.get(id) ?? known.get(id);
    if (row === undefined) return false;
    (added.has(id) ? added : changed).set(id, change(row));
    return true;
  };
  let isIncomplete = false;
  for (const event of events) {
    if (event.type === 'event.published') {
      remember([event.event]);
      isIncomplete = true;
      for (const id of event.delivery_ids) {
        if (!known.has(id))
          added.set(id, announced(event.event, id, `${event.event.timestamp.slice(0, 19)}.999Z`));
      }
    } else if (event.type === 'delivery.attempted') {
      if (!update(event.delivery_id, (row) => attempted(row, event))) isIncomplete = true;
    } else if (event.type === 'delivery.cancelled' || event.type === 'delivery.acknowledged') {
      const status = event.type === 'delivery.cancelled' ? 'cancelled' : 'acknowledged';
      update(event.delivery_id, (row) => ({
        ...row,
        delivery: { ...row.delivery, status, next_attempt_at: null },
      }));
    }
  }
  if (isIncomplete) refreshSoon();
  if (added.size === 0 && changed.size === 0) return;
  const old =
    changed.size === 0
      ? rows.peek()
      : rows.peek().map((row) => changed.get(row.delivery.id) ?? row);
  rows.value = [...[...added.values()].toReversed(), ...old].slice(0, MAX_ROWS);
};

/** Begin to load and to follow. */
export const startDeliveries = (): void => {
  onEvents(apply);
  onReload(() => void loadFirst());
  let isFirst = true;
  effect(() => {
    void serverQuery.value;
    if (!isFirst) untracked(() => void loadFirst());
    isFirst = false;
  });
};

/** A redelivery is not announced by the stream before its first attempt. */
export const noteNewDelivery = (delivery: Delivery): void => merge([delivery], 'front');

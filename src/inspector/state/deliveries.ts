/**
 * The list of deliveries: pages of the API, kept up to date by the stream.
 *
 * @module
 */
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import type { AccountEvent, Delivery, ListedDelivery } from '../../../schemas/sandbox.ts';
import type { Progress } from '../../client/http.ts';
import { matches, parseFilter } from '../../deliveries/filter.ts';
import { announced, attempted } from '../../deliveries/row.ts';
import { query, route } from './location.ts';
import { isPaused, onEvents, onReload } from './live.ts';
import { client, connection, messageOf, spoken } from './session.ts';

/** Rows kept in memory: the newest ones. */
export const MAX_ROWS = 20_000;
const PAGE = 100;
const REFRESH_MS = 400;
/** After a change of the filter: it is typed letter by letter. */
const TYPING_MS = 150;
/** Deliveries to search on without a match before the reader is asked. */
const MAX_UNASKED = 20_000;

const rows = signal<readonly ListedDelivery[]>([]);
/** Cursor of the next page; null after the last one. */
const cursor = signal<string | null>(null);
export const isLoading = signal(true);
export const loadError = signal<string | null>(null);
export const hasMore = computed(() => cursor.value !== null);
/** How far the account was searched for the filter; null without one. */
export const progress = signal<Progress | null>(null);
/** Number of deliveries to search until the reader is asked whether to go on. */
const allowance = signal(0);
/** True while it goes on at the reader's wish. */
export const isWished = signal(false);
/** True if the search goes on only at the reader's wish. */
export const isHalted = computed(
  () => hasMore.value && (progress.value?.searched ?? -1) >= allowance.value,
);
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
        ? matching.value.map(({ id }) => id)
        : [],
    ),
);

/** Deliveries are numbered in the order of the list. */
const numberOf = ({ id }: ListedDelivery): number => Number(id.slice('dlv_'.length));

/** How far a delivery has come. Grows only: a row that was read before an event must not undo it. */
const rankOf = ({ attempts_made: made, next_attempt_at: next, status }: ListedDelivery): number =>
  made * 3 + (next === null ? 1 : 0) + (status === 'acknowledged' ? 1 : 0);

/** Add rows that were read, and replace known ones that are not newer. */
const merge = (page: readonly ListedDelivery[]): void => {
  const merged = new Map(rows.value.map((row) => [row.id, row]));
  for (const row of page) {
    const known = merged.get(row.id);
    if (known === undefined || rankOf(row) >= rankOf(known)) merged.set(row.id, row);
  }
  rows.value = [...merged.values()]
    .toSorted((a, b) => numberOf(b) - numberOf(a))
    .slice(0, MAX_ROWS);
};

/** What the API is asked for; all deliveries if matching ones are only marked. */
const wanted = computed(() => (isHighlighting.value ? '' : filter.value.text));

let generation = 0;

const readPage = (from?: string) =>
  client
    .peek()
    .deliveries.list({ filter: wanted.peek() || undefined, limit: PAGE })
    .page(from);

const note = (page: Awaited<ReturnType<typeof readPage>>): void => {
  cursor.value = page.nextCursor;
  progress.value = page.progress;
  if (page.items.length > 0) allowance.value = (page.progress?.searched ?? 0) + MAX_UNASKED;
  if (page.items.length > 0 || !hasMore.value || isHalted.value) isWished.value = false;
  const { searched, total } = page.progress ?? { searched: 0, total: 0 };
  if (isHalted.value)
    spoken.value = `Searched ${searched} of ${total} deliveries: ${matchCount.value} found.`;
};

/** Read the list from the start. */
const loadFirst = async (): Promise<void> => {
  generation += 1;
  const mine = generation;
  isLoading.value = true;
  try {
    const page = await readPage();
    if (mine !== generation) return;
    batch(() => {
      rows.value = page.items;
      allowance.value = MAX_UNASKED;
      note(page);
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

/** Read the next page, if there is one, or if the reader wishes to search on. */
export const loadMore = async (goOn = false): Promise<void> => {
  const from = cursor.peek();
  if (from === null || isLoading.peek() || rows.peek().length >= MAX_ROWS) return;
  if (goOn) {
    isWished.value = true;
    allowance.value += MAX_UNASKED;
  }
  if (isHalted.peek()) return;
  const mine = generation;
  isLoading.value = true;
  try {
    const page = await readPage(from);
    if (mine !== generation) return;
    batch(() => {
      merge(page.items);
      note(page);
    });
  } catch (error) {
    loadError.value = messageOf(error);
  } finally {
    isLoading.value = false;
  }
};

let refreshing: ReturnType<typeof setTimeout> | undefined;
/** A search is costly for the sandbox: it may use a tenth of the time. */
let refreshMs = REFRESH_MS;
/** Complete rows of which the stream has told only part. */
const refreshSoon = (): void => {
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    const mine = generation;
    const began = performance.now();
    readPage().then(
      ({ items }) => {
        refreshMs = Math.max(REFRESH_MS, 10 * (performance.now() - began));
        if (mine === generation && !isPaused.peek()) merge(items);
      },
      () => undefined,
    );
  }, refreshMs);
};

const apply = (events: readonly AccountEvent[]): void => {
  const known = new Map(rows.peek().map((row) => [row.id, row]));
  const added = new Map<string, ListedDelivery>();
  const changed = new Map<string, ListedDelivery>();
  const update = (id: string, change: (row: ListedDelivery) => ListedDelivery): boolean => {
    const row = added.get(id) ?? changed.get(id) ?? known.get(id);
    if (row === undefined) return false;
    (added.has(id) ? added : changed).set(id, change(row));
    return true;
  };
  let isIncomplete = false;
  for (const event of events) {
    if (event.type === 'event.published') {
      isIncomplete = true;
      for (const id of event.delivery_ids) {
        if (!known.has(id))
          added.set(id, announced(event.event, id, `${event.event.timestamp.slice(0, 19)}.999Z`));
      }
    } else if (event.type === 'delivery.attempted') {
      if (!update(event.delivery_id, (row) => attempted(row, event))) isIncomplete = true;
    } else if (event.type === 'delivery.cancelled' || event.type === 'delivery.acknowledged') {
      const status = event.type === 'delivery.cancelled' ? 'cancelled' : 'acknowledged';
      const change = (row: ListedDelivery) => ({ ...row, status, next_attempt_at: null }) as const;
      if (!update(event.delivery_id, change)) isIncomplete = true;
    }
  }
  if (isIncomplete) refreshSoon();
  if (added.size === 0 && changed.size === 0) return;
  const old =
    changed.size === 0 ? rows.peek() : rows.peek().map((row) => changed.get(row.id) ?? row);
  const seen = progress.peek();
  if (seen !== null)
    progress.value = { searched: seen.searched + added.size, total: seen.total + added.size };
  rows.value = [...[...added.values()].toReversed(), ...old].slice(0, MAX_ROWS);
};

/** Begin to load and to follow. */
export const startDeliveries = (): void => {
  onEvents(apply);
  onReload(() => void loadFirst());
  let isFirst = true;
  let typing: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    void wanted.value;
    if (!isFirst)
      untracked(() => {
        // Pages of the filter before no longer fit.
        generation += 1;
        isLoading.value = true;
        clearTimeout(typing);
        typing = setTimeout(() => void loadFirst(), TYPING_MS);
      });
    isFirst = false;
  });
};

/** A redelivery is not announced by the stream before its first attempt. */
export const noteNewDelivery = (delivery: Delivery): void => {
  const known = rows.peek().find(({ event_id: id }) => id === delivery.event_id);
  merge([{ ...delivery, lead_email: known?.lead_email ?? null, last_fault: null }]);
};

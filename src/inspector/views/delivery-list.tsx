/**
 * The list of deliveries: only the rows in view exist. Focus stays on the list; the current row is its active descendant.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { ListedDelivery } from '../../../schemas/sandbox.ts';
import { describeDots, dotsOf } from '../../deliveries/dots.ts';
import { isForged, reasonOf } from '../../deliveries/reason.ts';
import { formatClock, formatUntil } from '../../deliveries/spans.ts';
import { now } from '../state/clock.ts';
import {
  filter,
  filterText,
  hasMore,
  isHalted,
  isHighlighting,
  isLoading,
  isWished,
  loadedCount,
  loadError,
  loadMore,
  marked,
  MAX_ROWS,
  matchCount,
  progress,
  shown,
} from '../state/deliveries.ts';
import { held, isPaused, reload, togglePause } from '../state/live.ts';
import { go, route, setQuery } from '../state/location.ts';
import { cursor, scroller } from './cursor.ts';
import { openDialog } from './dialog-state.ts';
import { FilterBox } from './filter-box.tsx';
import { isNarrow } from './media.ts';
import { Status } from './status.tsx';
import { Line } from './text.tsx';

const ROW_PX = 34;
const NARROW_ROW_PX = 60;
const OVERSCAN = 8;
/** Load the next page when fewer rows than this are left below. */
const LOAD_AHEAD = 60;

export const Dots = ({ delivery }: { delivery: ListedDelivery }) => (
  <span class="dots" role="img" aria-label={describeDots(delivery)}>
    {dotsOf(delivery).map((dot, index) => (
      <i key={index} class={`dot ${dot}`} />
    ))}
  </span>
);

const next = (delivery: ListedDelivery): string =>
  delivery.next_attempt_at === null
    ? ''
    : formatUntil(Date.parse(delivery.next_attempt_at), now.value);

const isFailure = (delivery: ListedDelivery): boolean =>
  delivery.last_outcome !== null && delivery.last_outcome !== 'delivered';

const ListRow = ({
  row: delivery,
  index,
  px,
}: {
  row: ListedDelivery;
  index: number;
  px: number;
}) => {
  const { id, lead_email: lead } = delivery;
  const isCurrent = (cursor.value ?? route.value.id) === id;
  const names = [
    'row',
    isCurrent ? 'current' : '',
    route.value.id === id ? 'open' : '',
    marked.value.has(id) ? 'marked' : '',
  ];
  return (
    <div
      id={`row-${id}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isCurrent}
      class={names.join(' ')}
      style={{ transform: `translateY(${index * px}px)` }}
      onClick={() => {
        cursor.value = id;
        go({ id });
      }}
    >
      <span role="gridcell" class="at">
        {formatClock(delivery.created_at)}
      </span>
      <span role="gridcell" class="event">
        {delivery.event}
        {delivery.redelivery_of !== null && (
          <span class="tag" title={`redelivery of ${delivery.redelivery_of}`}>
            again
          </span>
        )}
        {isForged(delivery.last_fault, delivery.signature_mode) && (
          <span class="tag bad">forged</span>
        )}
      </span>
      <span role="gridcell" class="lead">
        {lead !== null && <Line text={lead} />}
      </span>
      <span role="gridcell" class="attempts">
        <Dots delivery={delivery} />
      </span>
      <span role="gridcell" class="state">
        <Status status={delivery.status} />
      </span>
      <span role="gridcell" class={`why ${isFailure(delivery) ? 'bad' : ''}`}>
        <Line text={reasonOf(delivery)} />
      </span>
      <span role="gridcell" class="next">
        {next(delivery)}
      </span>
    </div>
  );
};

const isFiltered = (): boolean => filter.value.terms.length > 0;

/** Read on while the view is not full, unless the reader has to be asked. */
const readOn = (): void => {
  if (hasMore.value && !isLoading.value && !isHalted.value) queueMicrotask(() => void loadMore());
};

const Empty = () => {
  if (loadError.value !== null) {
    return (
      <div class="empty" role="alert">
        <h2>The deliveries cannot be read</h2>
        <p>{loadError.value}</p>
        <button type="button" onClick={reload}>
          Try again
        </button>
      </div>
    );
  }
  readOn();
  if (isLoading.value || (hasMore.value && !isHalted.value)) {
    return <div class="empty dim">{isFiltered() ? 'Searching…' : 'Loading…'}</div>;
  }
  if (isFiltered()) {
    return (
      <div class="empty">
        <h2>{isHalted.value ? 'No match so far' : 'No delivery matches'}</h2>
        <p>
          None of {progress.value?.searched ?? loadedCount.value} deliveries searched matches{' '}
          <code>{filterText.value}</code>.
        </p>
        <button type="button" onClick={() => setQuery({ q: '' })}>
          Clear the filter
        </button>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>No deliveries yet</h2>
      <p>Register a webhook, then trigger an event. Every attempt appears here as it happens.</p>
      <p class="buttons">
        <button type="button" class="primary" onClick={() => openDialog('trigger')}>
          Trigger an event <kbd>t</kbd>
        </button>
        <button type="button" onClick={() => openDialog('webhook')}>
          Register a webhook
        </button>
      </p>
    </div>
  );
};

const HEADINGS = ['Time', 'Event', 'Lead', 'Attempts', 'Status', 'Why', 'Next'];

/** First and last visible row, with a margin. */
const useWindow = (px: number) => {
  const ref = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(800);
  useEffect(() => {
    const list = ref.current;
    if (list === null) return undefined;
    const observer = new ResizeObserver(() => (height.value = list.clientHeight));
    observer.observe(list);
    scroller.reveal = (index) => {
      const y = index * px;
      // The headings cover the first row.
      const view = list.clientHeight - px;
      if (y < list.scrollTop) list.scrollTop = y;
      else if (y + px > list.scrollTop + view) list.scrollTop = y + px - view;
      return undefined;
    };
    return () => observer.disconnect();
  }, [px]);
  const first = Math.max(0, Math.floor(top.value / px) - OVERSCAN);
  const last = Math.ceil((top.value + height.value) / px) + OVERSCAN;
  return { ref, first, last, onScroll: () => (top.value = ref.current?.scrollTop ?? 0) };
};

const Grid = () => {
  const px = isNarrow.value ? NARROW_ROW_PX : ROW_PX;
  const { ref, first, last, onScroll } = useWindow(px);
  const rows = shown.value;
  if (last > rows.length - LOAD_AHEAD) readOn();
  const current = cursor.value ?? route.value.id;
  const visible = rows.slice(first, last);
  const isThere = visible.some(({ id }) => id === current);
  return (
    <div
      id="deliveries"
      ref={ref}
      class="grid"
      role="grid"
      tabIndex={0}
      aria-label="Deliveries"
      aria-rowcount={hasMore.value ? -1 : rows.length + 1}
      {...(isThere ? { 'aria-activedescendant': `row-${current}` } : {})}
      onScroll={onScroll}
    >
      <div role="row" class="row headings" aria-rowindex={1}>
        {HEADINGS.map((text) => (
          <span key={text} role="columnheader">
            {text}
          </span>
        ))}
      </div>
      <div role="rowgroup" class="sizer" style={{ height: `${rows.length * px}px` }}>
        {visible.map((row, index) => (
          <ListRow key={row.id} row={row} index={first + index} px={px} />
        ))}
      </div>
    </div>
  );
};

/** `151`, `100 loaded`, `20000 newest`, `3 of 24001`, `3 found, searched 20000 of 24001`. */
const countText = (): string => {
  const count = loadedCount.value;
  const loaded = `${count}${count >= MAX_ROWS ? ' newest' : hasMore.value ? ' loaded' : ''}`;
  const search = progress.value;
  if (isFiltered() && isHighlighting.value) return `${matchCount.value} of ${loaded} marked`;
  if (!isFiltered() || search === null) return loaded;
  if (!hasMore.value) return `${matchCount.value} of ${search.total}`;
  return `${matchCount.value} found, searched ${search.searched} of ${search.total}`;
};

/** Stays while it searches, so that the reader can press it again; hands its focus on when nothing is left to search. */
const SearchOn = () => {
  const ref = useRef<HTMLButtonElement>(null);
  useLayoutEffect(
    () => () => {
      if (document.activeElement === ref.current) document.getElementById('filter')?.focus();
    },
    [],
  );
  return (
    <button ref={ref} type="button" onClick={() => void loadMore(true)}>
      Search on
    </button>
  );
};

const Summary = () => (
  <p class="summary">
    <span class="tabular">{countText()}</span>
    {(isHalted.value || isWished.value) && <SearchOn />}
    <button type="button" aria-pressed={isPaused.value} onClick={togglePause}>
      {isPaused.value ? `Resume${held.value > 0 ? ` (${held.value} new)` : ''}` : 'Pause'}
      <kbd>p</kbd>
    </button>
  </p>
);

export const DeliveryList = () => (
  <section class="list" aria-label="Deliveries">
    <div class="list-bar">
      <FilterBox />
      <Summary />
    </div>
    {shown.value.length === 0 ? <Empty /> : <Grid />}
  </section>
);

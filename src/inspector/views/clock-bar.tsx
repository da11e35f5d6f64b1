/**
 * The clock: its mode, now, what is due, and everything that moves it.
 *
 * @module
 */
import { useComputed, useSignal } from '@preact/signals';
import type { ClockMode } from '../../../schemas/sandbox.ts';
import { horizonOf, marksOf, positionOf, timeAt } from '../model/due-marks.ts';
import { formatClock, formatDay, formatSpan, formatUntil } from '../../deliveries/spans.ts';
import { advance, clock, isAdvancing, now, setClock, waiting } from '../state/clock.ts';

const MODES: readonly { mode: ClockMode; rate?: number; name: string; help: string }[] = [
  { mode: 'realtime', name: 'real time', help: 'moves as fast as yours' },
  { mode: 'scaled', rate: 60, name: '60×', help: 'a minute takes a second' },
  { mode: 'scaled', rate: 1000, name: '1000×', help: 'half an hour takes two seconds' },
  { mode: 'frozen', name: 'frozen', help: 'moves only when you advance it' },
  { mode: 'skip', name: 'skip', help: 'jumps to whatever is due next' },
];

const nameOf = (mode: string, rate: number | undefined): string =>
  mode === 'scaled' ? `scaled:${rate}` : mode;

const ModeSelect = () => {
  const value = clock.value;
  const current = value === null ? '' : nameOf(value.mode, value.rate);
  const isListed = MODES.some(({ mode, rate }) => nameOf(mode, rate) === current);
  return (
    <label class="mode">
      <span class="visually-hidden">Clock mode</span>
      <select
        value={current}
        disabled={value === null}
        onChange={(event) => {
          const chosen = MODES.find(
            ({ mode, rate }) => nameOf(mode, rate) === event.currentTarget.value,
          );
          if (chosen === undefined) return;
          const { mode, rate = 1 } = chosen;
          void setClock(mode === 'scaled' ? { mode, rate } : { mode });
        }}
      >
        {!isListed && value !== null && <option value={current}>{value.rate}×</option>}
        {MODES.map(({ mode, rate, name, help }) => (
          <option key={name} value={nameOf(mode, rate)} title={help}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
};

const Now = () => {
  const value = clock.value;
  if (value === null) return <span class="now dim">–</span>;
  const iso = new Date(now.value).toISOString();
  const due = value.next_due_at;
  return (
    <p class="now" aria-label={`The account’s clock: ${iso}`}>
      <span class="dim">{formatDay(iso)}</span> <b class="tabular">{formatClock(iso)}</b>
      <span class="due">
        {due === null ? 'nothing due' : `next ${formatUntil(Date.parse(due), now.value)}`}
        {value.pending > 0 && ` · ${value.pending} pending`}
        {value.in_flight > 0 && ` · ${value.in_flight} in flight`}
      </span>
    </p>
  );
};

const useScrubber = () => {
  const hover = useSignal<number | null>(null);
  // Recomputed only when rows or the second change, not with every frame.
  const origin = useComputed(() => Math.floor(now.value / 1000) * 1000);
  const horizon = useComputed(() => horizonOf(waiting.value, origin.value));
  const marks = useComputed(() => marksOf(waiting.value, origin.value, horizon.value));
  return { hover, origin, horizon, marks };
};

/** Drag or click to advance; arrow keys go from mark to mark. */
const Scrubber = () => {
  const { hover, origin, horizon, marks } = useScrubber();
  const at = hover.value;
  const span = at === null ? 0 : timeAt(at, origin.value, horizon.value) - origin.value;
  const move = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    const box = event.currentTarget.getBoundingClientRect();
    hover.value = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  };
  const jump = (to: number): void => {
    if (to > now.value) void advance({ to: new Date(Math.round(to)).toISOString() });
  };
  const total = marks.value.reduce((sum, { count }) => sum + count, 0);
  return (
    <div
      class="scrubber"
      role="slider"
      tabIndex={0}
      aria-label="Advance the clock"
      aria-valuemin={0}
      aria-valuemax={Math.round((horizon.value - origin.value) / 1000)}
      aria-valuenow={Math.round(span / 1000)}
      aria-valuetext={
        at === null
          ? `now; ${total} planned ${total === 1 ? 'attempt' : 'attempts'} ahead`
          : `plus ${formatSpan(span)}`
      }
      onPointerMove={move}
      onPointerLeave={() => (hover.value = null)}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        jump(timeAt((event.clientX - box.left) / box.width, origin.value, horizon.value));
      }}
      onKeyDown={(event) => {
        const times = marks.value.map((mark) => mark.at).filter((time) => time > now.value);
        const current = at === null ? now.value : origin.value + span;
        if (event.key === 'ArrowRight') {
          const to = times.find((time) => time > current + 1);
          if (to !== undefined) hover.value = positionOf(to, origin.value, horizon.value);
        } else if (event.key === 'ArrowLeft') {
          const to = times.findLast((time) => time < current - 1);
          hover.value = to === undefined ? null : positionOf(to, origin.value, horizon.value);
        } else if (event.key === 'Enter' && at !== null) {
          jump(current + 1);
          hover.value = null;
        } else return;
        event.preventDefault();
      }}
    >
      <i class="track" />
      <i class="here" />
      {marks.value.map(({ at: time, count, x }) => (
        <i
          key={time}
          class="due-mark"
          style={{ left: `${x * 100}%` }}
          title={`${count} ${count === 1 ? 'attempt' : 'attempts'} ${formatUntil(time, now.value)}`}
        />
      ))}
      {at !== null && (
        <span class="preview" style={{ left: `${at * 100}%` }}>
          +{formatSpan(span)}
        </span>
      )}
    </div>
  );
};

const SPANS = [
  { by: '30s', name: '+30 s' },
  { by: '5m', name: '+5 min' },
  { by: '30m', name: '+30 min' },
];

const Buttons = () => {
  const isBusy = isAdvancing.value;
  return (
    <div class="buttons">
      <button
        type="button"
        disabled={isBusy}
        title="Advance to the next due attempt"
        onClick={() => void advance({ until: 'next_attempt' })}
      >
        Next <kbd>n</kbd>
      </button>
      {SPANS.map(({ by, name }) => (
        <button
          key={by}
          type="button"
          class="wide-only"
          disabled={isBusy}
          onClick={() => void advance({ by })}
        >
          {name}
        </button>
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const by = String(new FormData(event.currentTarget).get('by') ?? '').trim();
          if (by !== '') void advance({ by });
        }}
      >
        <input
          name="by"
          class="span"
          type="text"
          placeholder="36m"
          aria-label="Advance by a span, e.g. 36m"
          autocomplete="off"
        />
      </form>
      <button
        type="button"
        disabled={isBusy}
        title="Advance until everything has settled"
        onClick={() => void advance({ until: 'settled' })}
      >
        Settle <kbd>N</kbd>
      </button>
    </div>
  );
};

export const ClockBar = () => (
  <section class={`clock ${isAdvancing.value ? 'busy' : ''}`} aria-label="Clock">
    <ModeSelect />
    <Now />
    <Scrubber />
    <Buttons />
    {isAdvancing.value && <span class="progress" role="progressbar" aria-label="Advancing" />}
  </section>
);

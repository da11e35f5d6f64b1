/**
 * The account's clock: its setting, what it shows now, and commands that move it.
 *
 * @module
 */
import { computed, signal } from '@preact/signals';
import type { AdvanceRequest, Clock, Delivery, SetClockRequest } from '../../../schemas/sandbox.ts';
import { formatSpan } from '../../deliveries/spans.ts';
import { createLatest } from './latest.ts';
import { onEvents, onReload } from './live.ts';
import { client, notify, perform, running } from './session.ts';

export const clock = signal<Clock | null>(null);
/** The newest deliveries that wait for an attempt, whatever the list shows. */
export const waiting = signal<readonly Delivery[]>([]);
/** Real time at which the clock was read. */
let readAt = 0;
/** Virtual time now, in milliseconds; advances on its own in modes `realtime` and `scaled`. */
export const now = signal(0);
export const isAdvancing = computed(() => running.value.has('advance'));

const tick = (): void => {
  const value = clock.peek();
  if (value === null) return;
  now.value = Date.parse(value.now) + (performance.now() - readAt) * value.rate;
};

const latest = createLatest();
const show = (value: Clock): void => {
  latest.supersede();
  clock.value = value;
  readAt = performance.now();
  tick();
};

const MAX_WAITING = 100;
const latestWaiting = createLatest();
const load = (): void => {
  void latest.load(() => client.peek().clock.get(), show);
  void latestWaiting.load(
    () => client.peek().deliveries.list({ status: 'pending', limit: MAX_WAITING }).page(),
    ({ items }) => (waiting.value = items),
  );
};

const TICK_MS = 250;
const REFRESH_MS = 250;
let refreshing: ReturnType<typeof setTimeout> | undefined;
const refreshSoon = (): void => {
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    load();
  }, REFRESH_MS);
};

export const startClock = (): void => {
  onReload(load);
  onEvents((events) => {
    const last = events.findLast((event) => event.type === 'clock.changed');
    if (last?.type === 'clock.changed') show(last.clock);
    if (events.some(({ type }) => type !== 'clock.changed')) refreshSoon();
  });
  setInterval(tick, TICK_MS);
};

export const advance = async (target: AdvanceRequest): Promise<void> => {
  const result = await perform('advance', () => client.value.clock.advance(target));
  if (result === null) return;
  show(result.clock);
  const span = Date.parse(result.to) - Date.parse(result.from);
  const attempts = `${result.attempts} ${result.attempts === 1 ? 'attempt' : 'attempts'}`;
  notify(
    span === 0 && result.attempts === 0
      ? 'Nothing is due: no delivery waits for an attempt.'
      : `Advanced by ${formatSpan(span)}: ${attempts} made.`,
  );
};

export const setClock = async (setting: SetClockRequest): Promise<void> => {
  const value = await perform('clock', () => client.value.clock.set(setting));
  if (value === null) return;
  show(value);
  notify(`The clock is ${value.mode}${value.mode === 'scaled' ? `, ${value.rate}×` : ''}.`);
};
